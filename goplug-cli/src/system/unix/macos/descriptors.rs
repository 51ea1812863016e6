//! Open files, as far as the system names them: those of this process.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::getpath;

/// The folder that has an entry for each open file of this process.
pub(in crate::system::unix) const DESCRIPTORS: &str = "/dev/fd";

/// What an open file of this process is: its path, or a kind and a number, as Linux has it.
pub(in crate::system::unix) fn descriptor_name(file: &impl AsRawFd) -> io::Result<String> {
    descriptor_name_of(&file.as_raw_fd().to_string())
}

/// What the open file of this number is.
pub(in crate::system::unix) fn descriptor_name_of(number: &str) -> io::Result<String> {
    let found = fs::metadata(Path::new(DESCRIPTORS).join(number))?;
    let (kind, inode) = (found.file_type(), found.ino());
    let null = fs::metadata("/dev/null")?;
    Ok(match () {
        () if kind.is_socket() => format!("socket:[{inode}]"),
        () if kind.is_fifo() => format!("pipe:[{inode}]"),
        () if kind.is_char_device() && found.rdev() == null.rdev() => "/dev/null".into(),
        () => format!("file:[{}:{inode}]", found.dev()),
    })
}

/// The names of the open files of a process.
///
/// # Errors
/// macOS tells them of other processes by kinds and addresses, which say nothing here.
pub(crate) fn open_files(_process: u64) -> io::Result<Vec<String>> {
    Err(unknown("not on macOS: what another process has open is not known"))
}

/// Where standard output and standard error of this process go, if that is a file or a terminal.
///
/// # Errors
/// It is another process.
pub(crate) fn outputs_of(pid: u32) -> io::Result<[Option<PathBuf>; 2]> {
    if pid != std::process::id() {
        return Err(unknown("not on macOS: where another process writes is not known"));
    }
    Ok([path_of(&io::stdout()), path_of(&io::stderr())])
}

fn path_of(file: &impl AsFd) -> Option<PathBuf> {
    let path = getpath(file).ok()?.into_bytes();
    Some(std::ffi::OsString::from_vec(path).into())
}

/// Whether a process holds a socket that listens at this path: not as far as is known, so that an answer
/// alone says that a process serves.
pub(crate) fn holds_listener(_process: u32, _socket: &Path) -> bool {
    false
}

fn unknown(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, text)
}
