//! The private folder of a plugin that is served for a debugger.
//!
//! It is made and locked as a host's own folder of sockets. So the next host removes it if the
//! process is killed.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::transport::unix::folder_form::{ATTEMPTS, FOLDER_PREFIX, MODE, RANDOM};
use crate::transport::unix::inode::is_at;
use crate::transport::unix::lock_folder::FolderLock;
use crate::transport::{Listener, lock_folder, secret_socket_path, temp_dir};

/// The characters of the name after its prefix.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A folder of mode 0700 in the system's folder for temporary files. Dropping it removes the folder, if
/// it is empty.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    /// The open folder, which is locked.
    lock: FolderLock,
}

impl PrivateFolder {
    /// Makes a folder, and listens on a socket in it whose name nobody guesses. Does blocking I/O, and needs a
    /// runtime with I/O.
    ///
    /// # Errors
    /// The system's error; its text names the folder.
    pub fn listen() -> io::Result<(Self, Listener)> {
        let parent = temp_dir();
        let about = |error: io::Error| {
            io::Error::new(error.kind(), format!("a folder in {}: {error}", parent.display()))
        };
        let first = std::process::id();
        for attempt in 0..ATTEMPTS {
            let path = parent.join(name(first.wrapping_add(attempt << 22)));
            match DirBuilder::new().mode(MODE).create(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                created => created.map_err(about)?,
            }
            // Binding locks the folder itself.
            let listener = secret_socket_path(&path).and_then(|path| Listener::bind(&path));
            let folder = Self { lock: lock_folder(&path).map_err(about)?, path };
            if folder.is_in_place() {
                return Ok((folder, listener.map_err(about)?));
            }
        }
        Err(about(ErrorKind::AlreadyExists.into()))
    }

    /// The folder's path.
    pub fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    /// Whether no host has taken it for abandoned before it was locked.
    fn is_in_place(&self) -> bool {
        is_at(self.lock.file(), &self.path)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // A host removes what stays.
        let _ = fs::remove_dir(&self.path);
    }
}

/// The name of a folder, as hosts know the names of their own.
fn name(mut number: u32) -> String {
    let mut name = String::from(FOLDER_PREFIX);
    for _ in 0..RANDOM {
        name.push(char::from(DIGITS[number as usize % DIGITS.len()]));
        number /= 36;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_folder_is_private_and_gone_with_its_socket() {
        let (one, socket) = PrivateFolder::listen().unwrap();
        let (other, _socket) = PrivateFolder::listen().unwrap();
        assert_ne!(one.path(), other.path());
        let path = one.path().unwrap().to_owned();
        assert_eq!(socket.path().unwrap().parent(), Some(&*path));
        assert!(lock_folder(&path).is_err(), "it is not locked");
        drop(socket);
        drop(one);
        assert!(!path.exists());
    }
}
