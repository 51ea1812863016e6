//! Instructions of one typed call, of both processes, outside the kernel. Neither the load of
//! the machine nor its clock influences them.
//!
//! Valgrind counts them, once for a host that makes few calls and once for a host that makes
//! many. The difference is that of the calls alone.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::processes::Role;
use crate::vocabulary::{Client, Peer, PeerName, PluginProgram};

const FEW: u64 = 500;
const MANY: u64 = 2500;

/// Whether valgrind is installed.
pub(crate) fn is_possible() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Takes one sample.
pub(crate) fn sample(peer: PeerName) -> Result<Vec<f64>> {
    let (few, many) = (count(peer, FEW)?, count(peer, MANY)?);
    Ok(vec![(many - few) / (MANY - FEW) as f64 / 1e3])
}

/// Starts a host that makes this many calls, and counts the instructions of the host and of
/// the plugin process that it starts.
fn count(peer: PeerName, calls: u64) -> Result<f64> {
    let host = Role::CountedHost.command(&[peer.name(), &calls.to_string()])?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=/dev/null"])
        .arg(host.get_program())
        .args(host.get_args())
        .output()
        .context("starting valgrind")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "under valgrind: {stderr}");
    let counted = stderr.lines().filter_map(|line| line.split_once("Collected :"));
    let counted: Vec<f64> =
        counted.map(|(_, number)| number.trim().parse()).collect::<Result<_, _>>()?;
    ensure!(counted.len() == 2, "{} processes were counted, not two: {stderr}", counted.len());
    Ok(counted.iter().sum())
}

/// What a counted host does: it starts the plugin process and makes this many calls.
pub(crate) async fn call<P: Peer>(calls: i64) -> Result<()> {
    let mut peer = P::new(PluginProgram::Shared).await?;
    peer.start().await?;
    let mut client = peer.client().await?;
    for number in 0..calls {
        ensure!(client.add(number, 1).await? == number + 1, "a wrong sum");
    }
    drop(client);
    peer.stop().await
}
