//! The other names of a program that is installed again.

use std::fs;
use std::path::{Path, PathBuf};

use super::staged::{Entry, Staged};
use crate::failure::Outcome;
use crate::pconf::{self, Pconf};

/// Renews the other files of a folder that name the same program, by the name of its plugin or by further
/// ones: their digests and methods are those of an older build. Returns the files that have changed.
pub(super) async fn renew_others(file: &Path, program: &Path) -> Outcome<Vec<PathBuf>> {
    let mut renewed = Vec::new();
    let (Some(folder), Some(plugin)) = (file.parent(), Pconf::read(file).plugin()) else {
        return Ok(renewed);
    };
    for other in pconf::files(folder).into_iter().filter(|other| other != file) {
        let known = Pconf::read(&other);
        if known.plugin().as_ref() != Some(&plugin) || !known.runs(program) {
            continue;
        }
        let before = fs::read(&other).ok();
        let renewal = Staged::install(program, folder, &Entry::of(&other, &known)).await;
        renewal.map_err(|failure| failure.about(&other.display().to_string()))?;
        if fs::read(&other).ok() != before {
            renewed.push(other);
        }
    }
    Ok(renewed)
}
