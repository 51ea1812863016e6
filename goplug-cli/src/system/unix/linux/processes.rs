//! Processes, as `/proc` shows them.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::system::unix::files::identity;
use crate::system::unix::words::words;

/// What the kernel writes after the path of a program that has been replaced or removed.
const DELETED: &str = " (deleted)";

/// The ids of all processes.
pub(crate) fn process_ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The variables with which a process was started, each with a zero byte behind it.
pub(in crate::system::unix) fn environment_of(pid: u32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/environ")).ok()
}

/// The program of a process, as it was called, and its arguments. A process that has ended, and for whose end
/// nobody has waited, has none.
pub(in crate::system) fn arguments_of(pid: u32) -> io::Result<Vec<OsString>> {
    Ok(words(&fs::read(format!("/proc/{pid}/cmdline"))?))
}

/// The process that has started a process, or has inherited it.
pub(in crate::system) fn parent_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The path of the program that a process runs, or that it was started from.
pub(in crate::system) fn executable(pid: u32) -> Option<PathBuf> {
    let path = fs::read_link(link(pid)).ok()?;
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_suffix(DELETED.as_bytes()).unwrap_or(bytes);
    Some(OsStr::from_bytes(bytes).into())
}

/// Whether a process executes the very file that is at this path now.
pub(in crate::system) fn executes(pid: u32, program: &Path) -> bool {
    identity(program).ok() == identity(&link(pid)).ok()
}

/// Whether a process executes the same program as this one.
pub(crate) fn runs_this_command(pid: u32) -> bool {
    let found = identity(&link(pid));
    found.is_ok_and(|found| identity(Path::new("/proc/self/exe")).is_ok_and(|own| own == found))
}

/// The link to the program of a process.
fn link(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}
