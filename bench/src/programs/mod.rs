//! The plugins that are programs of their own, one for each peer: what a plugin's size, its
//! memory and its build come to shows only where no other peer is in the binary.

mod cargo;
mod go;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

pub(crate) use self::cargo::crates;
pub(crate) use self::go::missing as missing_of_go;
use crate::peers::PeerName;

/// Builds the program of a peer, if it is not built yet.
pub(crate) fn prepare(peer: PeerName) -> Result<()> {
    build(peer, &target()?)
}

/// Builds the program of a peer from nothing, in a folder that is not there afterwards.
pub(crate) fn build_from_nothing(peer: PeerName) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("from-nothing-").tempdir_in(target()?)?;
    build(peer, folder.path())
}

/// Where the program of a peer is, once it is built.
pub(crate) fn path(peer: PeerName) -> Result<PathBuf> {
    Ok(release(&target()?).join(package(peer)))
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

/// Where the source of the benchmark is.
fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of everything that is built, in which this program is as well.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("finding this program")?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.context("this program is in no folder for what is built")?.into())
}

fn release(target: &Path) -> PathBuf {
    target.join("release")
}

/// Runs a build tool, which has something to say only if it fails.
fn run(tool: &mut Command) -> Result<()> {
    let named = tool.get_program().to_string_lossy().into_owned();
    let output = tool.stdin(Stdio::null()).output().with_context(|| format!("starting {named}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // The first lines name what is wrong; the rest follows from it.
    let said: Vec<&str> = said.lines().filter(|line| !line.is_empty()).take(3).collect();
    bail!("{named} ended with {}: {}", output.status, said.join("; "))
}
