//! Programs that cargo builds: packages of the benchmark's workspace.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{package, source};
use crate::peers::PeerName;

/// Builds one package. Others would have a say in the features of what they share.
pub(super) fn build(package: &str, target: &Path) -> Result<()> {
    let mut cargo = cargo("build");
    cargo.args(["--release", "--quiet", "--package", package]).arg("--target-dir").arg(target);
    super::run(&mut cargo)
}

/// How many crates are in the build of a peer's program, the program's own among them.
/// Those are not counted that only run while it is built.
pub(crate) fn crates(peer: PeerName) -> Result<usize> {
    let mut cargo = cargo("tree");
    cargo.args(["--edges", "normal", "--prefix", "none", "--package", &package(peer)]);
    let output = cargo.output().context("starting cargo")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout)?;
    // A crate that has been listed already is marked by an asterisk.
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(crates.len())
}

fn cargo(verb: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or(OsString::from("cargo")));
    cargo.args([verb, "--locked", "--manifest-path"]).arg(source().join("Cargo.toml"));
    cargo
}
