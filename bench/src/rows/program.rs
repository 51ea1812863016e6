//! What a plugin's program comes to where it has one peer in it: its size, its crates, and the
//! time that its build takes.

use std::time::Instant;

use anyhow::{Context, Result};

use super::Figure;
use crate::peers::PeerName;
use crate::programs;

pub(super) const SIZE: [Figure; 1] = [Figure { title: "Size of a stripped plugin", unit: "MB" }];
pub(super) const CRATES: [Figure; 1] = [Figure { title: "Build of a plugin", unit: "crates" }];
pub(super) const BUILD: [Figure; 1] =
    [Figure { title: "Release build of a plugin, from nothing", unit: "s" }];

/// The profile strips it.
pub(crate) fn size(peer: PeerName) -> Result<Vec<f64>> {
    let path = programs::path(peer)?;
    let metadata = std::fs::metadata(&path).with_context(|| path.display().to_string())?;
    Ok(vec![metadata.len() as f64 / 1e6])
}

pub(crate) fn crates(peer: PeerName) -> Result<Vec<f64>> {
    Ok(vec![programs::crates(peer)? as f64])
}

/// With all sources at hand, and nothing built.
pub(crate) fn build(peer: PeerName) -> Result<Vec<f64>> {
    let began = Instant::now();
    programs::build_from_nothing(peer)?;
    Ok(vec![began.elapsed().as_secs_f64()])
}
