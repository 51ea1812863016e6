//! Linux, as far as it looks into `/proc`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How the end of a process that was killed is written.
pub const KILLED: &str = "signal: 9 (SIGKILL)";

/// How the end of a process that its host has killed is written.
pub const KILLED_BY_HOST: &str = KILLED;

/// How the end of a process that has aborted begins.
pub const ABORTED: &str = "signal: 6 (SIGABRT)";

/// Whether a process can leave the group that ends with a plugin.
pub const CAN_ESCAPE: bool = true;

/// What is said of a socket whose process was killed.
pub const DEAD_SOCKET: &str = "nobody listens on the socket";

/// The variable that names the folder for temporary files.
pub const TEMPORARY: &str = "TMPDIR";

/// Kills a process. A process that is gone already is no error.
pub fn kill(process: u32) {
    signal(process, Signal::KILL);
}

/// Sends a process a signal. A process that is gone already is no error.
pub fn signal(process: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Asks a process to end, as an init system does; `false` where nothing can.
pub fn terminate(process: u32) -> bool {
    signal(process, Signal::TERM);
    true
}

/// Whether a process of this id exists, running or not yet reaped.
pub fn exists(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// The processes that have this variable in their environment.
pub fn processes_with(variable: &str, value: &OsStr) -> Vec<u32> {
    let mut line = format!("{variable}=").into_bytes();
    line.extend_from_slice(value.as_bytes());
    let is_ours = |process: &u32| {
        let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == line)
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(is_ours).collect()
}

/// Whether the socket of a plugin, or the folder that its registry has made for it, is there.
pub fn is_left(socket: &Path) -> bool {
    socket.parent().is_some_and(Path::exists)
}

/// Removes the socket of a plugin with the folder that its registry has made for it.
pub fn remove(socket: &Path) {
    drop(socket.parent().map(fs::remove_dir_all));
}

/// How many sockets a process has open; `None` if that is not known here.
pub fn sockets(process: u32) -> Option<usize> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).ok()?.flatten();
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
    Some(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
}

/// How many files this process has open; `None` if that is not known here.
pub fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

/// The resident memory of a process, in KiB.
pub fn resident_memory(process: u32) -> Option<i64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The largest resident memory that this process has had, in bytes.
///
/// # Errors
/// The system's error.
pub fn peak_memory() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kib.ok_or_else(|| io::Error::other("no VmHWM"))? * 1024)
}

/// The processor time of this process, its own and the system's for it.
///
/// # Errors
/// The system's error.
pub fn processor_time() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").ok_or_else(|| io::Error::other(stat.clone()))?;
    // Of the user and of the system, in hundredths of a second.
    let times = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let total = times.sum::<Result<u64, _>>().map_err(io::Error::other)?;
    Ok(Duration::from_millis(10 * total))
}

/// Copies a program, in another process. If this process copied it, a child that another
/// test forks meanwhile would inherit the open file, and the program could not be run.
///
/// # Errors
/// The system's error.
pub fn copy_program(from: &Path, to: &Path) -> io::Result<()> {
    let copied = Command::new("cp").arg(from).arg(to).status()?;
    if copied.success() { Ok(()) } else { Err(io::Error::other(copied.to_string())) }
}

/// Puts a file into the place of another, if there is one, at once.
///
/// # Errors
/// The system's error.
pub fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Puts a program into the place of another, if there is one, at once.
///
/// # Errors
/// The system's error.
pub fn move_program(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Removes a program, which may run.
///
/// # Errors
/// The system's error.
pub fn remove_program(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Lets every user run a file.
///
/// # Errors
/// The system's error.
pub fn make_executable(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// The options by which `curl` reaches a plugin.
pub fn curl_options(socket: &Path) -> Option<Vec<OsString>> {
    Some(vec!["--unix-socket".into(), socket.into()])
}
