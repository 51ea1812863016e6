//! The lock on a folder, which keeps out other processes of goplug that put files into it.
//!
//! Windows has no locks on folders. The lock is a hidden file that nobody else may open, and that
//! Windows removes when it is closed, also at the end of a process that was killed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING, ERROR_SHARING_VIOLATION, GENERIC_WRITE,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_TEMPORARY, FILE_FLAG_DELETE_ON_CLOSE,
};

/// The name of the file. A registry ignores it for its first character.
const NAME: &str = ".goplug.lock";

/// How long to wait for another process that puts a file into the same folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a folder's file that may not be opened is tried: if nobody may open it, or nobody may
/// write to the folder, that is what the caller is to hear.
const DENIED_ATTEMPTS: u32 = 50;

/// Holds the folder's lock until the result is dropped. It keeps out other processes of goplug
/// that put files into the folder. Waits for them for at most a second.
///
/// # Errors
/// [`TimedOut`](io::ErrorKind::TimedOut), or the system's error.
pub fn lock_folder(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    options.access_mode(GENERIC_WRITE | DELETE).share_mode(0);
    options.custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    options.attributes(FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_TEMPORARY);
    let path = folder.join(NAME);
    let deadline = Instant::now() + LOCK_TIMEOUT;
    let mut denied = 0;
    loop {
        let error = match options.open(&path) {
            Ok(file) => return Ok(file),
            Err(error) => error,
        };
        match error.raw_os_error().map(i32::cast_unsigned) {
            Some(ERROR_SHARING_VIOLATION) if Instant::now() >= deadline => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("another process keeps the folder {} locked", folder.display()),
                ));
            }
            Some(ERROR_SHARING_VIOLATION) => {}
            // So says Windows too of a file that it is just removing.
            Some(ERROR_ACCESS_DENIED | ERROR_DELETE_PENDING) if denied < DENIED_ATTEMPTS => {
                denied += 1;
            }
            _ => return Err(error),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_until_the_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock_folder(folder.path()).unwrap();
        let error = lock_folder(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(lock);
        drop(lock_folder(folder.path()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_does_not_exist_cannot_be_locked() {
        let folder = tempfile::tempdir().unwrap();
        let error = lock_folder(&folder.path().join("none")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
