//! The lock on a folder, which keeps out other processes of goplug that put files into it.
//!
//! Whoever can read a file can lock it, and keep everybody else waiting. So what is locked can be opened by
//! this user only: the folder itself if it is private, and else a file in it that is removed with the
//! lock.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use super::inode::Inode;
use super::peer::own_uid;

/// How long to wait for another process that binds in the same folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// The access of other users.
const OTHERS: u32 = 0o077;

/// The lock of a folder. Dropping it ends the lock.
#[derive(Debug)]
pub struct FolderLock {
    /// What is locked: the folder, or a file in it.
    #[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "it is held"))]
    file: File,
    /// The path of the file in the folder.
    path: Option<PathBuf>,
}

impl FolderLock {
    /// What is locked: the folder itself if it is private.
    #[cfg(feature = "plugin")]
    pub(in crate::transport::unix) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What stays is locked again by the next process.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Holds the folder's lock until the result is dropped. It keeps out other processes of goplug of this
/// user that put files into the folder. Waits for them for at most a second.
///
/// # Errors
/// [`TimedOut`](io::ErrorKind::TimedOut), or the system's error.
pub fn lock_folder(folder: &Path) -> io::Result<FolderLock> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    let open = File::open(folder)?;
    if is_private(&open.metadata()?) {
        return lock(open, folder, deadline).map(|file| FolderLock { file, path: None });
    }
    let path = folder.join(format!(".goplug-{}.lock", own_uid()));
    loop {
        let file = lock(open_private(&path)?, folder, deadline)?;
        // The process that had it may have removed the file meanwhile.
        let there = std::fs::symlink_metadata(&path);
        let opened = Inode::of(&file.metadata()?);
        if there.is_ok_and(|there| Inode::of(&there) == opened) {
            return Ok(FolderLock { file, path: Some(path) });
        }
    }
}

/// Whether only this user, and root, can open it.
fn is_private(metadata: &Metadata) -> bool {
    metadata.uid() == own_uid() && metadata.mode() & OTHERS == 0
}

/// Opens the file that is locked, or makes it.
fn open_private(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    // Its mode says nothing where the file system has no modes.
    if metadata.uid() == own_uid() && metadata.is_file() && metadata.nlink() <= 1 {
        return Ok(file);
    }
    let text = format!("{} is not a lock of this user: remove it", path.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

fn lock(file: File, folder: &Path, deadline: Instant) -> io::Result<File> {
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
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn count(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_folder_is_locked_until_the_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        // Private, and shared with others.
        for mode in [0o700, 0o755] {
            set_mode(folder.path(), mode);
            let lock = lock_folder(folder.path()).unwrap();
            let error = lock_folder(folder.path()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            drop(lock);
            assert!(lock_folder(folder.path()).is_ok());
            assert_eq!(count(folder.path()), 0);
        }
    }

    #[test]
    fn a_lock_of_somebody_who_can_read_the_folder_keeps_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        let theirs = File::open(folder.path()).unwrap();
        rustix::fs::flock(&theirs, FlockOperation::NonBlockingLockExclusive).unwrap();
        let lock = lock_folder(folder.path()).unwrap();
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        drop(lock);
        assert_eq!(count(folder.path()), 0);
    }

    #[test]
    fn what_others_have_put_in_the_place_of_the_file_is_not_locked() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        let path = folder.path().join(format!(".goplug-{}.lock", own_uid()));
        // A file of this user that others can read has a second name.
        std::fs::write(folder.path().join("open"), "").unwrap();
        std::fs::hard_link(folder.path().join("open"), &path).unwrap();
        let error = lock_folder(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("is not a lock of this user: remove it"), "{error}");
        std::fs::remove_file(&path).unwrap();
        symlink("elsewhere", &path).unwrap();
        assert!(lock_folder(folder.path()).is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn processes_that_take_the_lock_at_once_have_it_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let Ok(_lock) = lock_folder(folder.path()) else { continue };
                        let before = inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        assert_eq!(before, 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
