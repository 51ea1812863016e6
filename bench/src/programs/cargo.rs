//! Programs that cargo builds: packages of the benchmark's workspace.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::build_tool;

/// Builds one package. It is built alone, because packages that are built together share the
/// features of their common dependencies.
pub(super) fn build(package: &str, target: &Path) -> Result<()> {
    let mut cargo = cargo("build");
    cargo.args(["--release", "--quiet", "--package", package]).arg("--target-dir").arg(target);
    build_tool::run(&mut cargo)
}

/// How many crates are in the build of a package, including the package itself.
pub(super) fn crates(package: &str) -> Result<usize> {
    let mut cargo = cargo("tree");
    cargo.args(["--edges", "normal", "--prefix", "none", "--package", package]);
    let output = cargo.output().context("starting cargo")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout)?;
    // An asterisk marks a crate that has been listed before.
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(crates.len())
}

fn cargo(verb: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or(OsString::from("cargo")));
    let manifest = build_tool::source().join("Cargo.toml");
    cargo.args([verb, "--locked", "--manifest-path"]).arg(manifest);
    cargo
}
