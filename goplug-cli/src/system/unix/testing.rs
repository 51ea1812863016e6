//! What tests need of the system.

use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::sockets::Socket;

/// A socket on which this process listens.
pub(crate) struct Listening {
    pub(crate) path: PathBuf,
    _listener: UnixListener,
}

impl Listening {
    /// Binds a socket of this name in a folder.
    pub(crate) fn bind(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        Self { _listener: UnixListener::bind(&path).unwrap(), path }
    }
}

/// Two ends of a connection.
pub(crate) async fn pair() -> io::Result<(Socket, Socket)> {
    Socket::pair()
}

/// Makes a link to a folder.
pub(crate) fn link_folder(target: &Path, link: &Path) -> io::Result<()> {
    symlink(target, link)
}

/// The system's error that this process, or this user, has too many files.
pub(crate) fn too_many_files() -> io::Error {
    rustix::io::Errno::MFILE.into()
}
