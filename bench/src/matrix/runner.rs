//! A run: in which order the samples are taken. The peers take turns, for several rounds, so
//! that whatever else the machine does meanwhile affects all of them alike.

use std::time::Instant;

use anyhow::Result;

use super::outcome::{Entry, Measurement, Outcome, Samples, Skipped};
use super::participation::{
    required_program, takes_part, why_peer_is_unavailable, why_row_is_unavailable, why_unsupported,
};
use super::plan::Plan;
use super::{host_process, progress};
use crate::processes::{pinning, spinner};
use crate::programs;
use crate::vocabulary::{PeerName, Placement, RowName, Scale};

/// Takes every sample of a plan. What cannot be measured is an entry of the outcome as well.
pub(crate) fn run(plan: &Plan) -> Outcome {
    let mut entries = Vec::new();
    let rows = plan.rows();
    let peers = prepare(&plan.peers(), &rows, &mut entries);
    let began = Instant::now();
    for row in rows {
        measure_row(plan, row, &peers, &mut entries);
    }
    progress::show("");
    Outcome { entries, elapsed: began.elapsed() }
}

/// Builds the programs that the rows need. Returns the peers that can be measured.
fn prepare(peers: &[PeerName], rows: &[RowName], entries: &mut Vec<Entry>) -> Vec<PeerName> {
    let mut available = Vec::new();
    for &peer in peers {
        progress::show(&format!("building · {}", peer.name()));
        let mut measured = rows.iter().copied().filter(|row| takes_part(peer, *row));
        let missing = why_peer_is_unavailable(peer).or_else(|| {
            let program = measured.find_map(|row| required_program(peer, row))?;
            let error = programs::prepare(program).err()?;
            Some(format!("its program was not built: {error:#}"))
        });
        match missing {
            Some(reason) => skip(entries, peer.title(), reason),
            None => available.push(peer),
        }
    }
    available
}

/// Measures a row with all peers, in each placement.
fn measure_row(plan: &Plan, row: RowName, peers: &[PeerName], entries: &mut Vec<Entry>) {
    if let Some(reason) = why_row_is_unavailable(row) {
        skip(entries, row.name(), reason);
        return;
    }
    for peer in peers {
        if let Some(reason) = why_unsupported(*peer, row) {
            skip(entries, format!("{}, {}", row.name(), peer.title()), reason);
        }
    }
    let peers: Vec<_> = peers.iter().copied().filter(|peer| takes_part(*peer, row)).collect();
    for placement in plan.placements(row) {
        match measure(row, placement, &peers, plan.scale) {
            Ok(measurement) => entries.push(Entry::Measured(measurement)),
            Err(error) => {
                skip(entries, format!("{}, {}", row.name(), placement.title()), error);
            }
        }
    }
}

/// Measures a row with all peers in one placement.
///
/// # Errors
/// The placement is impossible on this machine. A sample that fails is no error.
fn measure(
    row: RowName,
    placement: Placement,
    peers: &[PeerName],
    scale: Scale,
) -> Result<Measurement> {
    let mut peers: Vec<_> =
        peers.iter().map(|peer| Samples { peer: *peer, rounds: Vec::new() }).collect();
    pinning::check(placement)?;
    let _spinners = spinner::start_for(placement)?;
    for round in 1..=row.rounds(scale) {
        for Samples { peer, rounds } in &mut peers {
            let (row_name, placement_name) = (row.name(), placement.name());
            progress::show(&format!(
                "{row_name} · {placement_name} · round {round} · {}",
                peer.name()
            ));
            rounds.push(host_process::sample(row, *peer, placement, scale));
        }
    }
    Ok(Measurement { row, placement, peers })
}

fn skip(entries: &mut Vec<Entry>, what: impl Into<String>, why: impl std::fmt::Display) {
    entries.push(Entry::Skipped(Skipped::new(what, why)));
}
