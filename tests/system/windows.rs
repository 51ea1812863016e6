//! Windows. Processes are listed by a crate, since looking into another process takes unsafe code. The crate
//! kills with the status 0, which says that all is well.

#![allow(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_TERMINATE, TerminateProcess};

/// How the end of a process that was killed is written.
pub const KILLED: &str = "exit status: 1";

/// How the end of a process that its host has killed is written.
pub const KILLED_BY_HOST: &str = "killed";

/// How the end of a process that has aborted begins.
pub const ABORTED: &str = "exit status: 0xc0000409";

/// Kills a process. A process that is gone already is no error.
pub fn kill(process: u32) {
    // SAFETY: the handle is the one that the first call has returned, and is closed once.
    unsafe {
        let handle = OpenProcess(PROCESS_TERMINATE, 0, process);
        if !handle.is_null() {
            TerminateProcess(handle, 1);
            CloseHandle(handle);
        }
    }
}

/// Asks a process to end, as an init system does; `false` where nothing can.
pub fn terminate(_: u32) -> bool {
    false
}

/// Whether a process of this id exists.
pub fn exists(process: u32) -> bool {
    let processes = looked_at(&[Pid::from_u32(process)], ProcessRefreshKind::nothing());
    processes.process(Pid::from_u32(process)).is_some()
}

/// The processes that have this variable in their environment.
pub fn processes_with(variable: &str, value: &OsStr) -> Vec<u32> {
    let mut line = OsString::from(format!("{variable}="));
    line.push(value);
    let environment = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    let mut processes = System::new();
    processes.refresh_processes_specifics(ProcessesToUpdate::All, true, environment);
    let processes = processes.processes().values();
    let ours = processes.filter(|process| process.environ().contains(&line));
    ours.map(|process| process.pid().as_u32()).collect()
}

fn looked_at(processes: &[Pid], what: ProcessRefreshKind) -> System {
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(processes), true, what);
    system
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
    let pid = Pid::from_u32(process);
    let system = looked_at(&[pid], ProcessRefreshKind::nothing().with_memory());
    i64::try_from(system.process(pid)?.memory() / 1024).ok()
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
