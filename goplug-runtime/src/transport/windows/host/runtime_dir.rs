//! Where a host's sockets are: on Windows in no folder, since they are pipes.

use std::io;
use std::path::{Path, PathBuf};

/// In place of a folder that other systems have.
#[derive(Debug)]
pub struct RuntimeDir(PathBuf);

impl RuntimeDir {
    /// Makes nothing.
    ///
    /// # Errors
    /// None.
    pub fn create(parent: &Path, _prefix: &str) -> io::Result<Self> {
        Ok(Self(parent.into()))
    }

    /// The folder in which other systems would make one.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether sockets can be bound: always.
    pub fn is_usable(&self) -> bool {
        true
    }

    /// Does nothing: no pipe is left behind by a process.
    pub fn remove_abandoned(_parent: &Path, _prefix: &str) {}
}
