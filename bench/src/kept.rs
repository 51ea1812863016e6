//! Instruction counts that the repository keeps, of a typed call of each peer: no clock and no
//! load touches them, so that a change of the call path shows where it is looked through.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::peers::PeerName;
use crate::report::Report;
use crate::rows::Row;

const FILE: &str = "instructions.json";

/// What a count may grow by, as a share of what is kept. Other compilers and libraries of C
/// make a difference as well.
const GROWTH: f64 = 0.03;

/// Counts by the names of peers.
type Counts = BTreeMap<String, u64>;

/// Puts what was counted in the place of what is kept; of other peers that stays.
pub(crate) fn keep(report: &Report, folder: &Path) -> Result<()> {
    let counted = counted(report);
    if counted.is_empty() {
        return Ok(());
    }
    let mut kept = read(folder)?;
    kept.extend(counted);
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(&kept)? + "\n";
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

/// Compares what was counted with what is kept, and says so.
///
/// # Errors
/// A count has grown, or nothing was counted, or nothing is kept of it.
pub(crate) fn check(report: &Report, folder: &Path) -> Result<()> {
    let kept = read(folder)?;
    let counted = counted(report);
    if counted.is_empty() {
        bail!("nothing was counted");
    }
    let mut grown = Vec::new();
    for (peer, now) in counted {
        let before = *kept.get(&peer).with_context(|| format!("nothing is kept of {peer}"))?;
        let growth = now as f64 / before as f64 - 1.0;
        println!("{peer}: {now} instructions, {before} are kept: {:+.1} %", growth * 100.0);
        if growth > GROWTH {
            grown.push(peer);
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    bail!("more than {:.0} % above what is kept: {}", GROWTH * 100.0, grown.join(", "))
}

fn counted(report: &Report) -> Counts {
    let cells = report.cells.iter().filter(|cell| cell.row == Row::Instructions.name());
    let name = |title: &str| PeerName::ALL.into_iter().find(|peer| peer.title() == title);
    let count = |thousands: f64| (thousands * 1e3).round() as u64;
    cells.filter_map(|cell| Some((name(cell.peer)?.name().into(), count(cell.median)))).collect()
}

fn read(folder: &Path) -> Result<Counts> {
    let path = folder.join(FILE);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Counts::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}
