//! Socket files: how one comes into being at a path, and how it goes away.
//!
//! A path can hold anything: another plugin's socket, the remains of a crash, a
//! user's document. So nothing is removed that is not a socket, or that somebody
//! answers on, and what is removed in the end is only the very file that was made
//! here. Looking and binding are two steps; a lock on the folder makes them one
//! for all goplug processes, and leaves no lock file behind.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// The longest path of a socket, in bytes: `sun_path` of Linux without its final NUL.
pub const MAX_PATH: usize = 107;

/// Connections that the kernel queues while nobody accepts; it may hold fewer
/// (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// How long to wait for another process that is binding in the same folder.
const LOCK: Duration = Duration::from_secs(1);

/// Checks that a socket can have this path.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if the path is longer than [`MAX_PATH`] bytes,
/// is empty or holds a NUL byte; the text says which.
pub fn check_path(path: &Path) -> io::Result<()> {
    let bytes = path.as_os_str().as_bytes();
    let problem = if bytes.is_empty() {
        "the path of the socket is empty".into()
    } else if bytes.contains(&0) {
        "the path of the socket holds a NUL byte".into()
    } else if bytes.len() > MAX_PATH {
        format!(
            "the path of the socket is {} bytes long, and the system allows {MAX_PATH}: \
             use a shorter folder or name",
            bytes.len()
        )
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// A new stream socket that no child inherits by accident and that never blocks.
pub(super) fn new_socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}

/// A listening, non-blocking socket of mode 0600 at `path`, in a folder that is
/// made with mode 0700 if it is missing.
pub(super) fn bind(path: &Path) -> io::Result<(OwnedFd, SocketFile)> {
    let path = std::path::absolute(path)?;
    check_path(&path)?;
    let folder = path.parent().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "the path of the socket is a folder")
    })?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let _lock = lock(folder)?;
    bind_alone(path)
}

/// As [`bind`], in a folder that is there and in which nobody else binds: its lock may
/// belong to somebody, and is left alone.
pub(super) fn bind_alone(path: PathBuf) -> io::Result<(OwnedFd, SocketFile)> {
    make_room(&path)?;
    let socket = new_socket()?;
    // On Linux the file gets the mode of the socket: private from its first moment.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(&path)?)?;
    let file = SocketFile::identify(path)?;
    if let Err(error) = rustix::net::listen(&socket, BACKLOG) {
        file.remove()?;
        return Err(error.into());
    }
    Ok((socket, file))
}

/// Holds the folder's lock until the result is dropped.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    let patience = Instant::now() + LOCK;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("another process keeps the folder {} locked", folder.display()),
                ));
            }
            // Network file systems do not lock folders; there the two steps stay two.
            Err(Errno::BADF | Errno::NOLCK | Errno::OPNOTSUPP | Errno::INVAL) | Ok(()) => {
                return Ok(file);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the socket of a process that is gone; refuses to remove anything else.
fn make_room(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "a file that is not a socket is in the way",
            ));
        }
        Ok(_) => {}
    }
    if is_answered(path)? {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "the socket is in use by another process",
        ));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether somebody listens on the socket at `path`. Never waits.
fn is_answered(path: &Path) -> io::Result<bool> {
    match rustix::net::connect(&new_socket()?, &SocketAddrUnix::new(path)?) {
        // A full queue belongs to somebody, too.
        Ok(()) | Err(Errno::AGAIN) => Ok(true),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(false),
        // Somebody listens, but not for stream connections.
        Err(Errno::PROTOTYPE) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The file of a bound socket.
///
/// A bound socket holds on to its inode, so while it is open no other file can
/// have the same device and inode number.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn identify(path: PathBuf) -> io::Result<Self> {
        let metadata = std::fs::symlink_metadata(&path)?;
        Ok(Self { path, identity: (metadata.dev(), metadata.ino()) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the file unless it is gone, or another has taken its place.
    pub(super) fn remove(&self) -> io::Result<()> {
        let removed = std::fs::symlink_metadata(&self.path).and_then(|found| {
            if (found.dev(), found.ino()) == self.identity {
                std::fs::remove_file(&self.path)
            } else {
                Ok(())
            }
        });
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Leaves what a process leaves that crashed while it listened. Dropping alone would
/// not do: a child that another test is just starting may hold the socket, too.
#[cfg(test)]
pub(super) fn leave_stale_socket(path: &Path) {
    let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_path_may_have_107_bytes() {
        let longest = PathBuf::from("/".repeat(MAX_PATH));
        assert!(check_path(&longest).is_ok());
        let error = check_path(&longest.join("x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the path of the socket is 108 bytes long, and the system allows 107: \
             use a shorter folder or name"
        );
    }

    #[test]
    fn a_path_that_no_file_can_have_is_refused() {
        for path in ["", "a\0b"] {
            let error = check_path(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn socket_and_new_folders_are_private() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b/s");
        let (_socket, file) = bind(&path).unwrap();
        assert_eq!(file.path(), path);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&temp.path().join("a/b")), 0o700);
        assert_eq!(mode(&temp.path().join("a")), 0o700);
    }

    #[test]
    fn a_file_that_is_not_a_socket_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("letter");
        std::fs::write(&path, "dear").unwrap();
        let error = bind(&path).unwrap_err();
        assert_eq!(error.to_string(), "a file that is not a socket is in the way");
        assert_eq!(std::fs::read(&path).unwrap(), b"dear");
    }

    #[test]
    fn a_socket_without_a_listener_is_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        leave_stale_socket(&path);
        assert!(bind(&path).is_ok());
    }

    #[test]
    fn a_socket_in_use_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let _other = UnixListener::bind(&path).unwrap();
        let error = bind(&path).unwrap_err();
        assert_eq!(error.to_string(), "the socket is in use by another process");
        assert!(is_answered(&path).unwrap());
    }

    #[test]
    fn a_socket_of_another_type_in_use_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let _other = UnixDatagram::bind(&path).unwrap();
        assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn of_many_that_bind_at_once_over_a_stale_socket_one_wins() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        leave_stale_socket(&path);
        let bound: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| bind(&path))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(bound.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(is_answered(&path).unwrap());
    }

    #[test]
    fn only_the_file_that_was_made_is_removed() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let (_socket, file) = bind(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _successor = UnixListener::bind(&path).unwrap();
        file.remove().unwrap();
        assert!(is_answered(&path).unwrap());
    }

    #[test]
    fn removing_twice_is_no_error() {
        let temp = tempfile::tempdir().unwrap();
        let (_socket, file) = bind(&temp.path().join("s")).unwrap();
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(!file.path().exists());
    }
}
