//! Windows.

mod processes;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use processes::{Process, Started};
pub use processes::{peak_memory, processor_time};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};

/// How the end of a process that was killed is written.
pub const KILLED: &str = "exit status: 1";

/// How the end of a process that its host has killed is written.
pub const KILLED_BY_HOST: &str = "killed";

/// How the end of a process that has aborted begins.
pub const ABORTED: &str = "exit status: 0xc0000409";

/// Whether a process can leave the job that ends with a plugin.
pub const CAN_ESCAPE: bool = false;

/// What is said of a socket whose process was killed.
pub const DEAD_SOCKET: &str = "there is no such socket";

/// The variable that names the folder for temporary files.
pub const TEMPORARY: &str = "TMP";

/// How long others may have a file open.
const IN_USE: Duration = Duration::from_secs(10);

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

/// The processes that run, with what each was started with. Reading that stops a process for a moment; so it is
/// read once.
static STARTED: Mutex<BTreeMap<u32, Started>> = Mutex::new(BTreeMap::new());

/// The running processes that have this variable in their environment, but for those by which Windows itself gives
/// them a console.
pub fn processes_with(variable: &str, value: &OsStr) -> Vec<u32> {
    let line: Vec<u16> =
        OsStr::new(&format!("{variable}=")).encode_wide().chain(value.encode_wide()).collect();
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    // No other process gets an id as long as it is in the map.
    started.retain(|_, process| process.runs());
    for id in processes::ids().unwrap_or_default() {
        if !started.contains_key(&id)
            && let Some(process) = Started::of(id)
        {
            started.insert(id, process);
        }
    }
    let ours = started.iter().filter(|(_, process)| process.has_variable(&line));
    ours.map(|(id, _)| *id).collect()
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

/// Puts a program into the place of another, if there is one. A program that runs is put aside first.
///
/// # Errors
/// The system's error.
pub fn move_program(from: &Path, to: &Path) -> io::Result<()> {
    rename(from, to).or_else(|error| {
        if !to.exists() {
            return Err(error);
        }
        remove_program(to)?;
        rename(from, to)
    })
}

/// Puts a file into the place of another, if there is one. Waits while a host reads that.
///
/// # Errors
/// The system's error.
pub fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    rename_once_free(from, to, &[ERROR_SHARING_VIOLATION, ERROR_ACCESS_DENIED])
}

/// Renames a file. Waits for a host that has one of the two open for a moment, as when it starts the program.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    rename_once_free(from, to, &[ERROR_SHARING_VIOLATION])
}

/// Renames a file. These errors say that somebody has one of the two open.
fn rename_once_free(from: &Path, to: &Path, in_use: &[u32]) -> io::Result<()> {
    let deadline = Instant::now() + IN_USE;
    let is_in_use = |error: &io::Error| {
        error.raw_os_error().is_some_and(|code| in_use.contains(&code.cast_unsigned()))
    };
    loop {
        match std::fs::rename(from, to) {
            Err(error) if is_in_use(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            renamed => return renamed,
        }
    }
}

/// Gives a program, which may run, another name: its file cannot be removed.
///
/// # Errors
/// The system's error.
pub fn remove_program(path: &Path) -> io::Result<()> {
    let mut names = (0..).map(|number| path.with_extension(format!("old{number}")));
    let free = names.find(|aside| !aside.exists()).unwrap_or_default();
    rename(path, &free)
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
