//! The name of a socket that this process has bound. A pipe has no file: its name is free once nobody
//! has the pipe open.

use std::io;
use std::path::{Path, PathBuf};

use super::pipe_calls::exists;

/// Whether a process listens on the socket at `path`. Waits for at most a millisecond.
///
/// # Errors
/// The system's error, if it does not tell.
pub fn has_listener(path: &Path) -> io::Result<bool> {
    super::check_path(path)?;
    exists(path)
}

/// Whether the socket of a process that was killed stays behind.
#[cfg(feature = "host")]
pub const STAYS_BEHIND: bool = false;

/// The name of a bound socket.
#[derive(Clone, Debug)]
pub struct SocketFile {
    path: PathBuf,
}

impl SocketFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does nothing: the name goes with the pipe.
    ///
    /// # Errors
    /// None.
    pub fn remove(&self) -> io::Result<()> {
        Ok(())
    }
}
