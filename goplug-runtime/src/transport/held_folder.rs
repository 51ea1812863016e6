//! A private folder that its process holds, so that others can see that it is in use.
//!
//! A process that is killed leaves its folder behind. Whoever comes next knows it by the
//! lock on the folder itself: the kernel releases that with the process, however it went.
//! Making a folder and locking it are two steps, so a folder may be taken for an abandoned
//! one in between; its maker finds out and makes another.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, OFlags};
use rustix::io::Errno;
use tempfile::TempDir;

use super::own_uid;

/// How often a folder is made that somebody takes away at once.
const ATTEMPTS: u32 = 16;

/// Nobody but this user gets in.
const MODE: u32 = 0o700;

/// How many random characters follow the prefix of a folder's name.
const RANDOM: usize = 6;

/// The ending of a socket's name.
const SOCKET: &[u8] = b".sock";

/// A folder of mode 0700 that is removed with this, or by another process that finds it
/// abandoned.
#[derive(Debug)]
pub struct HeldFolder {
    // Removed first, released then: in between it is nobody's to look at.
    folder: TempDir,
    _held: Option<File>,
}

impl HeldFolder {
    /// Makes a folder in `parent`, whose name is the prefix and something random. Does
    /// blocking I/O.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(parent: &Path, prefix: &str) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            // Without it the mode would be what the process's mask leaves of 0777.
            let private = Permissions::from_mode(MODE);
            let mut named = tempfile::Builder::new();
            named.prefix(prefix).rand_bytes(RANDOM).permissions(private);
            let folder = named.tempdir_in(parent)?;
            let Ok(file) = open(folder.path()) else { continue };
            match hold(&file) {
                Ok(true) if is_at(&file, folder.path()) => {
                    return Ok(Self { folder, _held: Some(file) });
                }
                // Somebody removes it, or has.
                Ok(_) => {}
                // Where folders cannot be locked nobody takes one for abandoned.
                Err(_) => return Ok(Self { folder, _held: None }),
            }
        }
        Err(io::Error::other(format!("a folder in {} vanishes again and again", parent.display())))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the folders in `parent` that a process of this user made with
    /// [`HeldFolder::create`] and left behind. One that holds anything but sockets is none
    /// of them. Does blocking I/O; what cannot be looked at or removed stays.
    pub fn remove_abandoned(parent: &Path, prefix: &str) {
        let Ok(entries) = fs::read_dir(parent) else { return };
        for entry in entries.flatten() {
            if is_name(&entry.file_name(), prefix) {
                // A folder that cannot be removed is the next one's to try.
                let _ = remove_if_abandoned(&entry.path());
            }
        }
    }
}

/// Whether [`HeldFolder::create`] gives such names.
fn is_name(name: &OsStr, prefix: &str) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(prefix.as_bytes());
    random.is_some_and(|random| {
        random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    let file = open(path)?;
    if !is_private(&file.metadata()?) || !hold(&file)? {
        return Ok(());
    }
    let Some(sockets) = sockets(&file)? else { return Ok(()) };
    for name in sockets {
        rustix::fs::unlinkat(&file, name.as_os_str(), AtFlags::empty())?;
    }
    fs::remove_dir(path)
}

/// Opens a folder, and nothing that only leads to one.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn is_private(folder: &Metadata) -> bool {
    folder.uid() == own_uid() && folder.mode() & 0o777 == MODE
}

/// Takes the lock, which ends with the file; `false` if somebody else has it.
///
/// # Errors
/// Where the file system has no such locks.
fn hold(folder: &File) -> io::Result<bool> {
    match rustix::fs::flock(folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the open folder is the one that has this path.
fn is_at(folder: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    match (folder.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}

/// The names in a folder that holds sockets only; `None` if it holds something else.
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
    use std::path::PathBuf;

    use super::*;
    use crate::transport::socket::leave_stale_socket;

    /// A folder as a process leaves it that was killed.
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
    fn it_is_private_and_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let folder = HeldFolder::create(parent.path(), "x-").unwrap();
        assert!(is_private(&fs::metadata(folder.path()).unwrap()));
        leave_stale_socket(&folder.path().join("0.sock"));
        drop(folder);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_that_nobody_holds_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = abandoned(parent.path(), "x-abc123");
        let empty = parent.path().join("x-abc124");
        fs::create_dir(&empty).unwrap();
        fs::set_permissions(&empty, Permissions::from_mode(MODE)).unwrap();
        HeldFolder::remove_abandoned(parent.path(), "x-");
        assert!(!path.exists() && !empty.exists());
    }

    #[test]
    fn one_that_is_held_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = HeldFolder::create(parent.path(), "x-").unwrap();
        leave_stale_socket(&folder.path().join("0.sock"));
        HeldFolder::remove_abandoned(parent.path(), "x-");
        assert!(folder.path().join("0.sock").exists());
    }

    #[test]
    fn one_of_another_shape_is_left_alone() {
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

        HeldFolder::remove_abandoned(parent.path(), "x-");

        for path in [shared, with_letter, with_file, longer, elsewhere, link] {
            assert!(path.join("0.sock").exists(), "{}", path.display());
        }
    }

    #[test]
    fn folders_are_made_while_others_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    HeldFolder::remove_abandoned(parent.path(), "x-");
                }
            });
            for _ in 0..500 {
                let folder = HeldFolder::create(parent.path(), "x-").unwrap();
                leave_stale_socket(&folder.path().join("0.sock"));
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}
