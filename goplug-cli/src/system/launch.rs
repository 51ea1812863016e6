//! How the process of a plugin is started, and what it has said.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of what a process has printed is read: a process can print without end.
const MAX_SAID: u64 = 64 * 1024;

/// How a process is started.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    /// The program and its arguments.
    pub(crate) command: &'a [String],
    /// The working directory.
    pub(crate) folder: &'a Path,
    /// The folder for its socket and its output.
    pub(crate) own: &'a Path,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Whether it gets a socket and a lifeline.
    pub(crate) has_host: bool,
    /// `LISTEN_PID`, if it is not the process's own id.
    pub(crate) listen_pid: Option<u32>,
    /// Whether nobody reads its output, and writing fails.
    pub(crate) is_output_broken: bool,
}

/// The last bytes of a file, at most [`MAX_SAID`].
pub(super) fn end_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(file)?;
    let begin = file.metadata()?.len().saturating_sub(MAX_SAID);
    file.seek(SeekFrom::Start(begin))?;
    let mut end = Vec::new();
    // The process may print on.
    file.take(MAX_SAID).read_to_end(&mut end)?;
    Ok(end)
}

/// Whether a variable is one that a host sets for its plugins.
pub(super) fn is_a_hosts(key: &str) -> bool {
    key.starts_with("LISTEN_") || key.starts_with("GOPLUG_")
}
