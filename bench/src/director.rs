//! Which sample is taken when: the peers one after the other, and that several times over,
//! so that whatever the machine is busy with meanwhile meets them all.

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, poll};

use crate::machine::Machine;
use crate::peers::PeerName;
use crate::placement::Placement;
use crate::report::{Report, Samples};
use crate::roles;
use crate::rows::{Row, Scale};

/// Beyond this a sample has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to be measured.
pub(crate) struct Plan {
    pub(crate) scale: Scale,
    pub(crate) rows: Vec<Row>,
    pub(crate) peers: Vec<PeerName>,
    pub(crate) placements: Vec<Placement>,
    pub(crate) out: PathBuf,
}

/// Takes every sample of a plan, prints the tables and writes the files.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let mut report = Report::new(Machine::this(), plan.scale);
    let mut peers = Vec::new();
    for &peer in &plan.peers {
        match peer.is_missing() {
            Some(reason) => report.skip(peer.title(), reason),
            None => peers.push(peer),
        }
    }
    let began = Instant::now();
    for &row in &plan.rows {
        if let Some(reason) = row.is_missing() {
            report.skip(row.name(), reason);
            continue;
        }
        for peer in &peers {
            if let Some(reason) = peer.lacks(row) {
                report.skip(&format!("{}, {}", row.name(), peer.title()), reason);
            }
        }
        for &placement in row.placements().iter().filter(|it| plan.placements.contains(it)) {
            let peers: Vec<_> = peers.iter().copied().filter(|peer| peer.has(row)).collect();
            match measure(row, placement, &peers, plan.scale) {
                Ok(samples) => report.enter(row, placement, samples),
                Err(error) => {
                    report.skip(&format!("{}, {}", row.name(), placement.title()), &error)
                }
            }
        }
    }
    progress("");
    report.finish(began.elapsed());
    print!("{}", report.to_markdown());
    report.write(&plan.out)
}

fn measure(
    row: Row,
    placement: Placement,
    peers: &[PeerName],
    scale: Scale,
) -> Result<Vec<Samples>> {
    let mut samples: Vec<_> = peers.iter().map(|peer| Samples::of(*peer)).collect();
    // Fails where the placement is impossible, before anything is started.
    placement.assign(&mut roles::command(&[])?)?;
    let _surroundings = placement.surroundings()?;
    for round in 1..=row.rounds(scale) {
        for samples in &mut samples {
            let peer = samples.peer;
            progress(&format!(
                "{} · {} · round {round} · {}",
                row.name(),
                placement.name(),
                peer.name()
            ));
            samples.add(sample(row, peer, placement, scale));
        }
    }
    Ok(samples)
}

/// Has a fresh process take one sample.
fn sample(row: Row, peer: PeerName, placement: Placement, scale: Scale) -> Result<Vec<f64>> {
    let mut command = roles::command(&[roles::HOST, row.name(), peer.name(), scale.name()])?;
    placement.assign(&mut command)?;
    let mut host = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let said = answer(&mut host);
    if said.is_err() {
        // It may have ended by itself.
        let _ = host.kill();
    }
    let status = host.wait()?;
    let said = said?;
    ensure!(status.success(), "the host ended with {status}");
    serde_json::from_str(said.trim()).context("the host said something else than numbers")
}

/// Waits, without ever waking up in between, for what a host prints.
fn answer(host: &mut Child) -> Result<String> {
    let mut out = host.stdout.take().context("the host has no standard output")?;
    let patience = PATIENCE.try_into()?;
    let ready = poll(&mut [PollFd::new(&out, PollFlags::IN)], Some(&patience))?;
    ensure!(ready > 0, "nothing came within {PATIENCE:?}");
    let mut said = String::new();
    out.read_to_string(&mut said)?;
    Ok(said)
}

/// Says what is being done, in one line that the next replaces.
fn progress(what: &str) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // Where nobody looks, nobody misses it.
        let _ = write!(out, "\r\x1b[K{what}");
        let _ = out.flush();
    }
}
