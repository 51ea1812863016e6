//! The cost of a plugin's program that contains only one peer: its size, its crates, and the
//! time of its build.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::programs;
use crate::vocabulary::PeerName;

/// The size of the program in MB. The profile strips it.
pub(crate) fn size(peer: PeerName) -> Result<Vec<f64>> {
    let path = programs::path(peer)?;
    let metadata = std::fs::metadata(&path).with_context(|| path.display().to_string())?;
    Ok(vec![metadata.len() as f64 / 1e6])
}

/// How many crates the program is built of.
pub(crate) fn crates(peer: PeerName) -> Result<Vec<f64>> {
    Ok(vec![programs::crates(peer)? as f64])
}

/// How many seconds the build takes, with all sources downloaded and nothing built before.
pub(crate) fn build(peer: PeerName) -> Result<Vec<f64>> {
    let began = Instant::now();
    programs::build_from_nothing(peer)?;
    Ok(vec![began.elapsed().as_secs_f64()])
}
