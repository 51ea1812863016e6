//! How the process of a plugin is started, and what it has said.

use std::env;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

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

impl Launch<'_> {
    /// Where the process writes: a file, or a pipe that nobody reads.
    pub(super) fn output(&self, file: &Path) -> io::Result<Stdio> {
        if self.is_output_broken {
            return Ok(io::pipe()?.1.into());
        }
        Ok(File::options().create(true).append(true).open(file)?.into())
    }
}

/// The end of what a process has printed to a file.
pub(super) fn said(file: &Path) -> String {
    String::from_utf8_lossy(&end_of(file).unwrap_or_default()).into_owned()
}

/// The last bytes of a file, at most [`MAX_SAID`].
fn end_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(file)?;
    let begin = file.metadata()?.len().saturating_sub(MAX_SAID);
    file.seek(SeekFrom::Start(begin))?;
    let mut end = Vec::new();
    // The process may print on.
    file.take(MAX_SAID).read_to_end(&mut end)?;
    Ok(end)
}

/// Keeps the variables of a host from a command's process.
pub(super) fn remove_hosts_variables(command: &mut Command) {
    for (key, _) in env::vars_os() {
        if is_a_hosts(&key.to_string_lossy()) {
            command.env_remove(key);
        }
    }
}

/// The variables of a host that this process has got.
pub(super) fn hosts_variables() -> Map<String, Value> {
    let variables = env::vars().filter(|(key, _)| is_a_hosts(key));
    variables.map(|(key, value)| (key, json!(value))).collect()
}

/// Whether a variable is one that a host sets for its plugins.
fn is_a_hosts(key: &str) -> bool {
    key.starts_with("LISTEN_") || key.starts_with("GOPLUG_")
}
