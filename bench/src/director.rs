//! Which sample is taken when: the peers one after the other, and that several times over,
//! so that whatever the machine is busy with meanwhile meets them all.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::machine::Machine;
use crate::peers::PeerName;
use crate::placement::Placement;
use crate::report::{Report, Samples};
use crate::rows::{Row, Scale};
use crate::{kept, programs, roles};

/// What is to be measured. Where nothing of a kind is named, all of it is.
pub(crate) struct Plan {
    pub(crate) scale: Scale,
    pub(crate) rows: Vec<Row>,
    pub(crate) peers: Vec<PeerName>,
    pub(crate) placements: Vec<Placement>,
    pub(crate) out: Option<PathBuf>,
    /// Whether it only compares instructions with those that are kept.
    pub(crate) checks: bool,
}

impl Plan {
    fn is_whole(&self) -> bool {
        self.rows.is_empty() && self.peers.is_empty() && self.placements.is_empty()
    }

    fn rows(&self) -> Vec<Row> {
        let usual = Row::ALL.into_iter().filter(|row| row.is_usual(self.scale));
        if self.rows.is_empty() {
            return usual.collect();
        }
        Row::ALL.into_iter().filter(|row| self.rows.contains(row)).collect()
    }

    fn peers(&self) -> Vec<PeerName> {
        let is_wanted = |peer: &PeerName| self.peers.is_empty() || self.peers.contains(peer);
        PeerName::ALL.into_iter().filter(is_wanted).collect()
    }

    fn has(&self, placement: Placement) -> bool {
        self.placements.is_empty() || self.placements.contains(&placement)
    }
}

/// Takes every sample of a plan, prints the tables and writes the files.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let mut report = Report::new(Machine::this(), plan.scale);
    let rows = plan.rows();
    let peers = prepare(&plan.peers(), &rows, &mut report);
    let began = Instant::now();
    for row in rows {
        if let Some(reason) = row.is_missing() {
            report.skip(row.name(), reason);
            continue;
        }
        for peer in &peers {
            if let Some(reason) = peer.lacks(row) {
                report.skip(&format!("{}, {}", row.name(), peer.title()), reason);
            }
        }
        for &placement in row.placements().iter().filter(|it| plan.has(**it)) {
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
    finish(plan, &report)
}

/// Builds the programs that the rows need; answers the peers that are left.
fn prepare(peers: &[PeerName], rows: &[Row], report: &mut Report) -> Vec<PeerName> {
    let mut there = Vec::new();
    for &peer in peers {
        progress(&format!("building · {}", peer.name()));
        let needed =
            || rows.iter().filter(|row| peer.has(**row)).find_map(|row| peer.program(*row));
        let missing = peer.is_missing().or_else(|| {
            let built = programs::prepare(needed()?);
            built.err().map(|error| format!("its program was not built: {error:#}"))
        });
        match missing {
            Some(reason) => report.skip(peer.title(), reason),
            None => there.push(peer),
        }
    }
    there
}

/// Says what came of it, and keeps it where that was asked for.
fn finish(plan: &Plan, report: &Report) -> Result<()> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let folder = plan.out.as_deref().unwrap_or(&results);
    print!("{}", report.to_markdown());
    if plan.checks {
        return kept::check(report, folder);
    }
    if plan.is_whole() || plan.out.is_some() {
        report.write(folder)?;
    }
    if plan.scale == Scale::Full || plan.rows.contains(&Row::Instructions) {
        kept::keep(report, folder)?;
    }
    Ok(())
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
    let said = answer(&mut host, row.patience());
    if said.is_err() {
        end(&mut host);
    }
    let status = host.wait()?;
    let said = said?;
    ensure!(status.success(), "the host ended with {status}");
    serde_json::from_str(said.trim()).context("the host said something else than numbers")
}

/// Waits, without ever waking up in between, for what a host prints.
fn answer(host: &mut Child, patience: Duration) -> Result<String> {
    let mut out = host.stdout.take().context("the host has no standard output")?;
    let timeout = patience.try_into()?;
    let ready = poll(&mut [PollFd::new(&out, PollFlags::IN)], Some(&timeout))?;
    ensure!(ready > 0, "nothing came within {patience:?}");
    let mut said = String::new();
    out.read_to_string(&mut said)?;
    Ok(said)
}

/// Ends a host that has failed, and what it has started: a peer's own program, unlike this
/// one, does not end with its host.
fn end(host: &mut Child) {
    let children = format!("/proc/{0}/task/{0}/children", host.id());
    let children = std::fs::read_to_string(children).unwrap_or_default();
    // They may have ended by themselves.
    let _ = host.kill();
    for child in children.split_whitespace() {
        if let Some(pid) = child.parse().ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
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
