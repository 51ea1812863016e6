//! Windows.

mod processes;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;

use processes::Process;

/// How the end of a process that was killed is written.
pub const KILLED: &str = "exit status: 1";

/// How the end of a process that its host has killed is written.
pub const KILLED_BY_HOST: &str = "killed";

/// How the end of a process that has aborted begins.
pub const ABORTED: &str = "exit status: 0xc0000409";

/// Kills a process. A process that is gone already is no error.
pub fn kill(process: u32) {
    Process::kill(process);
}

/// Asks a process to end, as an init system does; `false` where nothing can.
pub fn terminate(_: u32) -> bool {
    false
}

/// Whether a process of this id runs.
pub fn exists(process: u32) -> bool {
    Process::runs(process)
}

/// The running processes that have this variable in their environment.
pub fn processes_with(variable: &str, value: &OsStr) -> Vec<u32> {
    let line: Vec<u16> =
        OsStr::new(&format!("{variable}=")).encode_wide().chain(value.encode_wide()).collect();
    let has_it = |id: &u32| {
        let environment = Process::environment(*id).unwrap_or_default();
        environment.split(|unit| *unit == 0).any(|found| found == line)
    };
    // A process whose environment can be read may have ended since.
    let ids = processes::ids().unwrap_or_default().into_iter();
    ids.filter(has_it).filter(|id| Process::runs(*id)).collect()
}

/// Whether a process has the socket of a plugin.
pub fn is_left(socket: &Path) -> bool {
    goplug_runtime::transport::has_listener(socket).unwrap_or(true)
}

/// Does nothing: a socket is gone with its process.
pub fn remove(_: &Path) {}

/// How many connections a process has open; `None` since that is not known here.
pub fn sockets(_: u32) -> Option<usize> {
    None
}

/// How many files this process has open; `None` since that is not known here.
pub fn open_files() -> Option<usize> {
    None
}

/// The resident memory of a process, in KiB.
pub fn resident_memory(process: u32) -> Option<i64> {
    i64::try_from(Process::memory(process)? / 1024).ok()
}

/// Copies a program.
///
/// # Errors
/// The system's error.
pub fn copy_program(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to).map(drop)
}

/// Does nothing: a program is a program by its name.
///
/// # Errors
/// None.
pub fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The options by which `curl` reaches a plugin; `None` since it does not speak to named pipes.
pub fn curl_options(_: &Path) -> Option<Vec<OsString>> {
    None
}
