//! The sockets of plugins.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::temporary::temp_dir;
use crate::system::Server;
use crate::system::temporary::PREFIX;

/// Whether there is a socket at a path.
pub(crate) fn is_socket(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// A connection to a socket.
pub(crate) type Socket = tokio::net::UnixStream;

/// Connects to a socket.
pub(crate) async fn connect(socket: &Path) -> io::Result<Socket> {
    Socket::connect(socket).await
}

/// Whether a process listens on a socket.
pub(crate) fn has_listener(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

/// Who listens on a socket. `None` if nobody does.
pub(crate) async fn server(socket: &Path) -> Option<Server> {
    let stream = tokio::net::UnixStream::connect(socket).await.ok()?;
    let pid = stream.peer_cred().ok().and_then(|credentials| credentials.pid());
    Some(Server { pid: pid.and_then(|pid| pid.try_into().ok()) })
}

/// The folders in which this user's hosts have bound the sockets of their plugins.
#[derive(Debug, Default)]
pub(crate) struct HostFolders {
    /// How many have a socket on which a process listens.
    pub(crate) serving: usize,
    /// Those whose hosts are gone.
    pub(crate) dead: Vec<PathBuf>,
}

impl HostFolders {
    /// Looks for them in the folder for temporary files.
    pub(crate) fn find() -> Self {
        let mut found = Self::default();
        for folder in folders(&temp_dir()) {
            let sockets = sockets(&folder);
            if sockets.iter().any(|socket| has_listener(socket)) {
                found.serving += 1;
            } else if !sockets.is_empty() {
                found.dead.push(folder);
            }
        }
        found
    }
}

fn folders(temp: &Path) -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let is_own = |found: Metadata| found.is_dir() && found.uid() == user;
    let entries = fs::read_dir(temp).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    named.filter(|entry| entry.metadata().is_ok_and(is_own)).map(|entry| entry.path()).collect()
}

fn sockets(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sockets =
        entries.filter(|entry| entry.metadata().is_ok_and(|found| found.file_type().is_socket()));
    sockets.map(|entry| entry.path()).collect()
}
