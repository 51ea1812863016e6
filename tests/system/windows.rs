//! Windows. Processes are listed by a crate, since looking into another process takes unsafe code.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// How the end of a process that was killed is written.
pub const KILLED: &str = "exit code: 1";

/// How the end of a process that has aborted begins.
pub const ABORTED: &str = "exit code: 0xc0000409";

/// How the end of a process with this status is written.
pub fn exited(status: i32) -> String {
    format!("exit code: {status}")
}

/// Kills a process. A process that is gone already is no error.
pub fn kill(process: u32) {
    let processes = looked_at(&[Pid::from_u32(process)], ProcessRefreshKind::nothing());
    if let Some(process) = processes.process(Pid::from_u32(process)) {
        process.kill();
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

/// How many connections a process has open; `None` since that is not known here.
pub fn sockets(_: u32) -> Option<usize> {
    None
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
