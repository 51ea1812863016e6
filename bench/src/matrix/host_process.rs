//! One sample, taken by a fresh host process.

use std::io::Read;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, poll};

use crate::processes::{Role, kill_with_children, pinning};
use crate::vocabulary::{PeerName, Placement, RowName, Scale};

/// Starts a host that takes one sample, and waits for its numbers.
pub(super) fn sample(
    row: RowName,
    peer: PeerName,
    placement: Placement,
    scale: Scale,
) -> Result<Vec<f64>> {
    let mut command = Role::Host.command(&[row.name(), peer.name(), scale.name()])?;
    pinning::assign(placement, &mut command)?;
    let mut host = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let output = output(&mut host, row.timeout());
    if output.is_err() {
        kill_with_children(&mut host);
    }
    let status = host.wait()?;
    let output = output?;
    ensure!(status.success(), "the host ended with {status}");
    serde_json::from_str(output.trim()).context("the host said something else than numbers")
}

/// Waits for the output of a host, without waking up before the output comes: that would
/// disturb the measurement.
fn output(host: &mut Child, timeout: Duration) -> Result<String> {
    let mut stdout = host.stdout.take().context("the host has no standard output")?;
    let poll_timeout = timeout.try_into()?;
    let ready = poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&poll_timeout))?;
    ensure!(ready > 0, "nothing came within {timeout:?}");
    let mut output = String::new();
    stdout.read_to_string(&mut output)?;
    Ok(output)
}
