//! The open files of processes, as `/proc` names them.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

/// The folder that has an entry for each open file of this process.
pub(in crate::system::unix) const DESCRIPTORS: &str = "/proc/self/fd";

/// What an open file of this process is, as [`open_files`] names it.
pub(in crate::system::unix) fn descriptor_name(file: &impl AsRawFd) -> io::Result<String> {
    descriptor_name_of(&file.as_raw_fd().to_string())
}

/// What the open file of this number is: its path, or a kind and a number.
pub(in crate::system::unix) fn descriptor_name_of(number: &str) -> io::Result<String> {
    let link = fs::read_link(format!("{DESCRIPTORS}/{number}"))?;
    Ok(link.display().to_string())
}

/// The names of the open files of a process.
///
/// # Errors
/// The system's error: there is no such process, or only others may know.
pub(crate) fn open_files(process: u64) -> io::Result<Vec<String>> {
    let links = fs::read_dir(format!("/proc/{process}/fd"))?.flatten();
    // A file may be closed since the folder was listed.
    let names = links.filter_map(|link| fs::read_link(link.path()).ok());
    Ok(names.map(|name| name.display().to_string()).collect())
}

/// Where standard output and standard error of a process go, if that is a file or a terminal.
///
/// # Errors
/// None on this system: of a process of another user, both go where only others know.
pub(crate) fn outputs_of(pid: u32) -> io::Result<[Option<PathBuf>; 2]> {
    Ok([1, 2].map(|number| {
        let path = fs::read_link(format!("/proc/{pid}/fd/{number}")).ok()?;
        // A pipe is `pipe:[7]`.
        path.is_absolute().then_some(path)
    }))
}
