//! Building and finding the dedicated plugin programs, which contain one peer each. The size,
//! the memory and the build time of a plugin show only if no other peer is in its binary.
//!
//! This room imports from `vocabulary` only. Start reading here; [`cargo`] and
//! [`go`] run the build tools.

mod build_tool;
mod cargo;
mod go;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub(crate) use self::go::missing_packages as missing_go_packages;
use crate::vocabulary::PeerName;

/// Builds the program of a peer, unless it is up to date.
pub(crate) fn prepare(peer: PeerName) -> Result<()> {
    build(peer, &target()?)
}

/// Builds the program of a peer from scratch, in a folder that is removed afterwards.
pub(crate) fn build_from_nothing(peer: PeerName) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("from-nothing-").tempdir_in(target()?)?;
    build(peer, folder.path())
}

/// Where the program of a peer is after it has been built.
pub(crate) fn path(peer: PeerName) -> Result<PathBuf> {
    Ok(release(&target()?).join(package(peer)))
}

/// How many crates are in the build of a peer's program, including the program's own crate.
/// Crates that only run during the build are not counted.
pub(crate) fn crates(peer: PeerName) -> Result<usize> {
    cargo::crates(&package(peer))
}

fn build(peer: PeerName, target: &Path) -> Result<()> {
    match peer {
        PeerName::GoPlugin => go::build(target, &release(target).join(package(peer))),
        _ => cargo::build(&package(peer), target),
    }
}

fn package(peer: PeerName) -> String {
    format!("adder-{}", peer.name())
}

/// The target folder of cargo, which also contains the running program.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("finding this program")?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.context("this program is in no folder for what is built")?.into())
}

fn release(target: &Path) -> PathBuf {
    target.join("release")
}
