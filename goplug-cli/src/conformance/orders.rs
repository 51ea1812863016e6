//! What the process of a scripted plugin is told, and what it writes down.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::script::Script;

/// What a process is told by the file that its command line names.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) script: Script,
    /// A file with a line of JSON for each thing that happens.
    pub(super) journal: PathBuf,
    pub(super) descriptor: Value,
}

impl Orders {
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(file)?).map_err(io::Error::from)
    }

    pub(super) fn note(&self, line: &Value) -> io::Result<()> {
        let mut journal = OpenOptions::new().create(true).append(true).open(&self.journal)?;
        journal.write_all(format!("{line}\n").as_bytes())
    }
}
