//! Socket files: how they are created and removed.
//!
//! Any file can lie at a path: another plugin's socket, the remains of a crash, a user's document. So
//! only sockets without a listener are replaced, and in the end only the file that was created here
//! is removed. Checking and binding are two steps; a lock on the folder makes them one for all
//! goplug processes, and leaves no lock file behind.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::SocketAddrUnix;

use super::inode::Inode;
use super::lock_folder::lock_folder;
use super::system::{MAX_PATH, bind_private, new_socket};
use crate::transport::per_process::Owner;

/// How many connections the kernel queues until they are accepted; it may queue fewer
/// (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// The path of a socket, as an example in a text.
#[cfg(feature = "host")]
pub const EXAMPLE_SOCKET: &str = "/tmp/goplug-000abc/math.Calculator.sock";

/// Whether the socket of a process that was killed stays behind.
#[cfg(feature = "host")]
pub const STAYS_BEHIND: bool = true;

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
             use a shorter folder or name than {}",
            bytes.len(),
            path.display()
        )
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// A path for the socket of this name in a folder.
pub fn socket_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
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
    let _lock = lock_folder(folder)?;
    bind_alone(path)
}

/// As [`bind`], but without making or locking the folder: no other process may bind in it
/// meanwhile.
pub(super) fn bind_alone(path: PathBuf) -> io::Result<(OwnedFd, SocketFile)> {
    make_room(&path)?;
    let socket = new_socket()?;
    bind_private(&socket, &path)?;
    let file = SocketFile::identify(path)?;
    if let Err(error) = rustix::net::listen(&socket, BACKLOG) {
        file.remove()?;
        return Err(error.into());
    }
    Ok((socket, file))
}

/// Removes the socket of a process that has ended; refuses to remove anything else.
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
    if has_listener(path)? {
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

/// Whether a process listens on the socket at `path`. Never waits.
///
/// # Errors
/// The system's error, if it does not tell.
pub fn has_listener(path: &Path) -> io::Result<bool> {
    match rustix::net::connect(&new_socket()?, &SocketAddrUnix::new(path)?) {
        // A full queue has a listener as well.
        Ok(()) | Err(Errno::AGAIN) => Ok(true),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(false),
        // There is a listener, but not for stream connections.
        Err(Errno::PROTOTYPE) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The file of a bound socket.
///
/// A bound socket keeps its inode in use, so while it is open no other file can have the same device
/// and inode number.
#[derive(Clone, Debug)]
pub struct SocketFile {
    path: PathBuf,
    inode: Inode,
    /// A forked copy of the process that bound it does not remove its parent's file.
    owner: Owner,
}

impl SocketFile {
    fn identify(path: PathBuf) -> io::Result<Self> {
        let inode = Inode::of(&std::fs::symlink_metadata(&path)?);
        Ok(Self { path, inode, owner: Owner::this_process() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another socket is at the path.
    pub(super) fn is_replaced(&self) -> bool {
        std::fs::symlink_metadata(&self.path)
            .is_ok_and(|found| found.file_type().is_socket() && Inode::of(&found) != self.inode)
    }

    /// Takes the file that is at the path for this one.
    pub(super) fn adopt(&mut self) -> io::Result<()> {
        *self = Self::identify(std::mem::take(&mut self.path))?;
        Ok(())
    }

    /// Removes the file, unless it was removed or replaced already, or another process bound it.
    ///
    /// # Errors
    /// The system's error.
    pub fn remove(&self) -> io::Result<()> {
        if !self.owner.is_this_process() {
            return Ok(());
        }
        let removed = std::fs::symlink_metadata(&self.path).and_then(|found| {
            if Inode::of(&found) == self.inode { std::fs::remove_file(&self.path) } else { Ok(()) }
        });
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Creates the socket file of a process that crashed while it listened. Dropping the listener would
/// not be enough: a child process that another test is just starting may have the socket as well.
#[cfg(test)]
pub(super) fn leave_stale_socket(path: &Path) {
    let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
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
        let text = error.to_string();
        let begin = "the path of the socket is 108 bytes long, and the system allows 107: use a \
                     shorter folder or name than //";
        assert!(text.starts_with(begin), "{text}");
    }

    #[test]
    fn an_impossible_path_is_refused() {
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
    fn a_file_that_is_not_a_socket_is_kept() {
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
    fn a_socket_in_use_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let _other = UnixListener::bind(&path).unwrap();
        let error = bind(&path).unwrap_err();
        assert_eq!(error.to_string(), "the socket is in use by another process");
        assert!(has_listener(&path).unwrap());
    }

    #[test]
    fn a_socket_of_another_type_in_use_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let _other = UnixDatagram::bind(&path).unwrap();
        assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn of_many_binds_at_once_one_succeeds() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        leave_stale_socket(&path);
        let bound: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| bind(&path))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(bound.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(has_listener(&path).unwrap());
    }

    #[test]
    fn only_the_file_that_was_created_is_removed() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let (_socket, file) = bind(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _successor = UnixListener::bind(&path).unwrap();
        file.remove().unwrap();
        assert!(has_listener(&path).unwrap());
    }

    #[test]
    fn the_file_of_another_process_is_not_removed() {
        let temp = tempfile::tempdir().unwrap();
        let (_socket, mut file) = bind(&temp.path().join("s")).unwrap();
        file.owner = Owner::of(1);
        file.remove().unwrap();
        assert!(file.path().exists());
    }

    #[test]
    fn removing_twice_is_not_an_error() {
        let temp = tempfile::tempdir().unwrap();
        let (_socket, file) = bind(&temp.path().join("s")).unwrap();
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(!file.path().exists());
    }
}
