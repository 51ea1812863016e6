//! The private folder of a host's sockets, locked while its process lives.
//!
//! A process that is killed leaves its folder behind. The next process recognises that by the lock
//! on the folder itself, which the kernel releases at the end of a process, whatever the cause.
//! Creating a folder and locking it are two steps, so another process may remove the folder as
//! abandoned in between; then its creator notices, and creates another.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, OFlags};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::transport::own_uid;
use crate::transport::per_process::Owner;
use crate::transport::unix::folder_form::{ATTEMPTS, MODE, RANDOM};
use crate::transport::unix::inode::is_at;

/// The extension of a socket's name.
const SOCKET: &[u8] = b".sock";

/// A folder of mode 0700 that is removed when this is dropped, or by
/// [`RuntimeDir::remove_abandoned`] after its process has ended.
#[derive(Debug)]
pub struct RuntimeDir {
    path: PathBuf,
    /// The open folder, which has the lock if the file system has locks.
    file: File,
    owner: Owner,
}

impl RuntimeDir {
    /// Creates a folder in `parent` with a random name after the prefix. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn create(parent: &Path, prefix: &str) -> io::Result<Self> {
        Self::create_with(parent, prefix, open)
    }

    fn create_with(
        parent: &Path,
        prefix: &str,
        open: impl Fn(&Path) -> io::Result<File>,
    ) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            // The default would be 0777 without the bits of the process's umask.
            let private = Permissions::from_mode(MODE);
            let mut named = tempfile::Builder::new();
            named.prefix(prefix).rand_bytes(RANDOM).permissions(private);
            let folder = named.tempdir_in(parent)?;
            let file = match open(folder.path()) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    // Without a descriptor, which may be what is wanting.
                    let _ = fs::remove_dir(folder.keep());
                    return Err(error);
                }
            };
            match lock(&file) {
                Ok(Lock::Acquired) if is_at(&file, folder.path()) => {
                    return Ok(Self::new(folder, file));
                }
                // Another process removes the folder, or has removed it.
                Ok(_) => {}
                // On a file system without such locks, no folder is ever removed as abandoned.
                Err(_) => return Ok(Self::new(folder, file)),
            }
        }
        Err(io::Error::other(format!("a folder in {} vanishes again and again", parent.display())))
    }

    fn new(folder: TempDir, file: File) -> Self {
        Self { path: folder.keep(), file, owner: Owner::this_process() }
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether sockets can be bound in it: it is still at its path, and this process has made it. A
    /// cleaner of old files may have removed it, and another process may have made another there.
    pub fn is_usable(&self) -> bool {
        self.owner.is_this_process() && is_at(&self.file, &self.path)
    }

    /// Removes the folders in `parent` that processes of this user created with
    /// [`RuntimeDir::create`] and left behind. Folders that contain anything but sockets stay, and
    /// so do those that cannot be read or removed. Does blocking I/O.
    pub fn remove_abandoned(parent: &Path, prefix: &str) {
        let Ok(entries) = fs::read_dir(parent) else { return };
        for entry in entries.flatten() {
            if is_name(&entry.file_name(), prefix) {
                // A later call may succeed.
                let _ = remove_if_abandoned(&entry.path());
            }
        }
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        // Otherwise it is somebody else's.
        if self.is_usable() {
            // It is still locked: no process takes it for abandoned meanwhile. What cannot be removed
            // is removed as abandoned later.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether [`RuntimeDir::create`] creates such names.
fn is_name(name: &OsStr, prefix: &str) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(prefix.as_bytes());
    random.is_some_and(|random| {
        random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    let file = open(path)?;
    if !is_private(&file.metadata()?) || lock(&file)? == Lock::HeldElsewhere {
        return Ok(());
    }
    let Some(sockets) = sockets(&file)? else { return Ok(()) };
    for name in sockets {
        rustix::fs::unlinkat(&file, name.as_os_str(), AtFlags::empty())?;
    }
    fs::remove_dir(path)
}

/// Opens a folder, but not through a symbolic link.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn is_private(folder: &Metadata) -> bool {
    folder.uid() == own_uid() && folder.mode() & 0o777 == MODE
}

/// What came of the attempt to lock a folder.
#[derive(Debug, PartialEq, Eq)]
enum Lock {
    /// This process has the lock until the file is closed.
    Acquired,
    /// Another process has it.
    HeldElsewhere,
}

/// # Errors
/// If the file system has no such locks.
fn lock(folder: &File) -> io::Result<Lock> {
    match rustix::fs::flock(folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock::Acquired),
        Err(Errno::WOULDBLOCK) => Ok(Lock::HeldElsewhere),
        Err(error) => Err(error.into()),
    }
}

/// The names in a folder that contains sockets only; `None` if it contains anything else.
fn sockets(folder: &File) -> io::Result<Option<Vec<OsString>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name == b"." || name == b".." {
            continue;
        }
        let name = OsString::from_vec(name);
        let found = rustix::fs::statat(folder, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW)?;
        if !name.as_encoded_bytes().ends_with(SOCKET)
            || FileType::from_raw_mode(found.st_mode) != FileType::Socket
        {
            return Ok(None);
        }
        names.push(name);
    }
    Ok(Some(names))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::transport::unix::socket::leave_stale_socket;

    /// A folder as a killed process leaves it behind.
    fn abandoned(parent: &Path, name: &str) -> PathBuf {
        let path = parent.join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(MODE)).unwrap();
        for name in ["0.sock", "1.sock"] {
            leave_stale_socket(&path.join(name));
        }
        path
    }

    #[test]
    fn the_folder_is_private_and_removed_on_drop() {
        let parent = tempfile::tempdir().unwrap();
        let folder = RuntimeDir::create(parent.path(), "x-").unwrap();
        assert!(is_private(&fs::metadata(folder.path()).unwrap()));
        leave_stale_socket(&folder.path().join("0.sock"));
        drop(folder);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_cannot_be_opened_is_no_folder_that_vanishes() {
        let parent = tempfile::tempdir().unwrap();
        let no_descriptor = |_: &Path| Err(Errno::MFILE.into());
        let error = RuntimeDir::create_with(parent.path(), "x-", no_descriptor).unwrap_err();
        assert_eq!(Errno::from_io_error(&error), Some(Errno::MFILE));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);

        let removed_once = std::cell::Cell::new(false);
        let folder = RuntimeDir::create_with(parent.path(), "x-", |path| {
            if !removed_once.replace(true) {
                fs::remove_dir(path).unwrap();
            }
            open(path)
        });
        assert!(folder.unwrap().is_usable());
    }

    #[test]
    fn a_folder_that_took_the_place_of_a_removed_one_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = RuntimeDir::create(parent.path(), "x-").unwrap();
        assert!(folder.is_usable());
        let path = folder.path().to_owned();
        fs::remove_dir(&path).unwrap();
        assert!(!folder.is_usable());
        fs::create_dir(&path).unwrap();
        assert!(!folder.is_usable());
        drop(folder);
        assert!(path.exists());
    }

    #[test]
    fn a_forked_process_does_not_remove_its_parents_folder() {
        let parent = tempfile::tempdir().unwrap();
        let mut folder = RuntimeDir::create(parent.path(), "x-").unwrap();
        folder.owner = Owner::of(1);
        assert!(!folder.is_usable());
        let path = folder.path().to_owned();
        drop(folder);
        assert!(path.exists());
    }

    #[test]
    fn an_abandoned_folder_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = abandoned(parent.path(), "x-abc123");
        let empty = parent.path().join("x-abc124");
        fs::create_dir(&empty).unwrap();
        fs::set_permissions(&empty, Permissions::from_mode(MODE)).unwrap();
        RuntimeDir::remove_abandoned(parent.path(), "x-");
        assert!(!path.exists() && !empty.exists());
    }

    #[test]
    fn a_locked_folder_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = RuntimeDir::create(parent.path(), "x-").unwrap();
        leave_stale_socket(&folder.path().join("0.sock"));
        RuntimeDir::remove_abandoned(parent.path(), "x-");
        assert!(folder.path().join("0.sock").exists());
    }

    #[test]
    fn folders_of_another_form_are_kept() {
        let parent = tempfile::tempdir().unwrap();
        let shared = abandoned(parent.path(), "x-shared");
        fs::set_permissions(&shared, Permissions::from_mode(0o755)).unwrap();
        let with_letter = abandoned(parent.path(), "x-letter");
        fs::write(with_letter.join("letter"), "dear").unwrap();
        let with_file = abandoned(parent.path(), "x-afile0");
        fs::write(with_file.join("2.sock"), "no socket").unwrap();
        let longer = abandoned(parent.path(), "x-abc1234");
        let elsewhere = abandoned(parent.path(), "elsewhere");
        let link = parent.path().join("x-link00");
        symlink(&elsewhere, &link).unwrap();

        RuntimeDir::remove_abandoned(parent.path(), "x-");

        for path in [shared, with_letter, with_file, longer, elsewhere, link] {
            assert!(path.join("0.sock").exists(), "{}", path.display());
        }
    }

    #[test]
    fn folders_can_be_created_while_abandoned_ones_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    RuntimeDir::remove_abandoned(parent.path(), "x-");
                }
            });
            for _ in 0..500 {
                let folder = RuntimeDir::create(parent.path(), "x-").unwrap();
                leave_stale_socket(&folder.path().join("0.sock"));
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}
