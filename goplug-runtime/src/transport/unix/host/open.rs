//! Opening a file of unknown kind.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file for reading as [`open_without_waiting`] does. Where the system has that, nobody can write,
/// rename or remove it until it is closed; here others can.
///
/// # Errors
/// The system's error.
pub fn open_unchanging(path: &Path) -> io::Result<File> {
    open_without_waiting(path)
}

/// Opens a file for reading, without waiting if it is a device, or a FIFO without a writer. The
/// caller finds out from the open file what kind it is.
///
/// # Errors
/// The system's error.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}
