//! The files that a run writes.

use std::path::Path;

use anyhow::{Context, Result};

use super::{chart, tables};
use crate::results::Report;

/// Writes `results.md`, `results.svg` and `results.json` into a folder, which is created if it
/// does not exist.
pub(crate) fn write(report: &Report, folder: &Path) -> Result<()> {
    let write = |name: &str, content: String| {
        let path = folder.join(name);
        std::fs::write(&path, content).with_context(|| path.display().to_string())
    };
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    write("results.md", tables::markdown(report))?;
    write("results.svg", chart::svg(report))?;
    write("results.json", serde_json::to_string_pretty(report)? + "\n")
}
