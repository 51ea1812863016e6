//! Instructions of one typed call, of both processes, outside the kernel: what no load and
//! no clock touches.
//!
//! Valgrind counts them. It is run twice, with few calls and with many, and the difference
//! is that of the calls alone.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::Figure;
use crate::peers::{End, Link, Peer, PeerName};
use crate::roles;

pub(super) const FIGURES: [Figure; 1] =
    [Figure { title: "Instructions of a typed call, both sides", unit: "thousands" }];

const FEW: u64 = 500;
const MANY: u64 = 2500;

/// Whether there is a valgrind.
pub(crate) fn is_possible() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

pub(crate) fn sample(peer: PeerName) -> Result<Vec<f64>> {
    let (few, many) = (count(peer, FEW)?, count(peer, MANY)?);
    Ok(vec![(many - few) / (MANY - FEW) as f64 / 1e3])
}

/// Starts a host that calls this often, and counts for it and for what it starts.
fn count(peer: PeerName, calls: u64) -> Result<f64> {
    let host = roles::command(&[roles::COUNTED, peer.name(), &calls.to_string()])?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=/dev/null"])
        .arg(host.get_program())
        .args(host.get_args())
        .output()
        .context("starting valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "under valgrind: {said}");
    let counted = said.lines().filter_map(|line| line.split_once("Collected :"));
    let counted: Vec<f64> =
        counted.map(|(_, number)| number.trim().parse()).collect::<Result<_, _>>()?;
    ensure!(counted.len() == 2, "{} processes were counted, not two: {said}", counted.len());
    Ok(counted.iter().sum())
}

/// What is counted.
pub(crate) async fn call<P: Peer>(calls: i64) -> Result<()> {
    let mut peer = P::new(End::Shared).await?;
    peer.start().await?;
    let mut link = peer.link().await?;
    for number in 0..calls {
        ensure!(link.add(number, 1).await? == number + 1, "a wrong sum");
    }
    drop(link);
    peer.stop().await
}
