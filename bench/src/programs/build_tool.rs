//! What the runs of cargo and of Go's compiler have in common.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder with the benchmark's source.
pub(super) fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a build tool. Its output is shown only in the error of a failed build.
pub(super) fn run(tool: &mut Command) -> Result<()> {
    let name = tool.get_program().to_string_lossy().into_owned();
    let output = tool.stdin(Stdio::null()).output().with_context(|| format!("starting {name}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    // The first lines name the cause. The rest follows from it.
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.is_empty()).take(3).collect();
    bail!("{name} ended with {}: {}", output.status, lines.join("; "))
}
