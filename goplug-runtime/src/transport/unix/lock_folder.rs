//! The lock on a folder, which keeps out other processes of goplug that put files into it.
//!
//! It is on the folder itself, and so leaves no file behind.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

/// How long to wait for another process that binds in the same folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// Holds the folder's lock until the result is dropped. It keeps out other processes of goplug
/// that put files into the folder. Waits for them for at most a second.
///
/// # Errors
/// [`TimedOut`](io::ErrorKind::TimedOut), or the system's error.
pub fn lock_folder(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("another process keeps the folder {} locked", folder.display()),
                ));
            }
            // Network file systems cannot lock folders; there checking and binding stay two steps.
            Err(Errno::BADF | Errno::NOLCK | Errno::OPNOTSUPP | Errno::INVAL) | Ok(()) => {
                return Ok(file);
            }
            Err(error) => return Err(error.into()),
        }
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
        assert!(lock_folder(folder.path()).is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
