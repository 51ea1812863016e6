//! The instructions of a typed call of each peer, recorded in the repository. Neither clock nor
//! load influences them, so that a change of the call path shows in the diff of that file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::report::Report;
use crate::vocabulary::{PeerName, RowName};

const FILE: &str = "instructions.json";

/// How much a count may grow, as a share of the recorded count. Another compiler or another C
/// library changes a count as well.
const TOLERANCE: f64 = 0.03;

/// Instructions by the name of a peer.
type Counts = BTreeMap<String, u64>;

/// Records the counts of a report in a folder. The recorded counts of other peers stay.
pub(crate) fn record(report: &Report, folder: &Path) -> Result<()> {
    let counted = counted(report);
    if counted.is_empty() {
        return Ok(());
    }
    let mut recorded = read(folder)?;
    recorded.extend(counted);
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(&recorded)? + "\n";
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

/// Compares the counts of a report with the recorded ones, and prints both.
///
/// # Errors
/// A count has grown by more than 3 %, or nothing was counted, or a counted peer has no
/// recorded count.
pub(crate) fn check(report: &Report, folder: &Path) -> Result<()> {
    let recorded = read(folder)?;
    let counted = counted(report);
    if counted.is_empty() {
        bail!("nothing was counted");
    }
    let mut grown = Vec::new();
    for (peer, now) in counted {
        let before =
            *recorded.get(&peer).with_context(|| format!("no count of {peer} is recorded"))?;
        let growth = now as f64 / before as f64 - 1.0;
        println!("{peer}: {now} instructions, {before} are recorded: {:+.1} %", growth * 100.0);
        if growth > TOLERANCE {
            grown.push(peer);
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    bail!("more than {:.0} % above the recorded counts: {}", TOLERANCE * 100.0, grown.join(", "))
}

/// The counts of a report.
fn counted(report: &Report) -> Counts {
    let cells = report.cells.iter().filter(|cell| cell.row == RowName::Instructions.name());
    let name = |title: &str| PeerName::ALL.into_iter().find(|peer| peer.title() == title);
    let count = |thousands: f64| (thousands * 1e3).round() as u64;
    cells.filter_map(|cell| Some((name(cell.peer)?.name().into(), count(cell.median)))).collect()
}

/// The recorded counts. Empty if the folder has no such file.
fn read(folder: &Path) -> Result<Counts> {
    let path = folder.join(FILE);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Counts::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}
