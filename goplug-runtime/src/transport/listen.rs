//! Listening on a socket, and who is at the other end.

use std::io;
use std::path::{Path, PathBuf};

/// One connection.
pub type Stream = tokio::net::UnixStream;

/// The process at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub uid: u32,
}

impl Peer {
    /// Whether it runs as this process's user, or as root.
    pub fn is_trusted(&self) -> bool {
        self.uid == 0 || self.uid == rustix::process::getuid().as_raw()
    }
}

/// A socket that listens; its file is removed with it.
#[derive(Debug)]
pub struct Listener {
    socket: tokio::net::UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Binds a socket at this path, in place of one that nobody answers on.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if path.exists() && std::os::unix::net::UnixStream::connect(path).is_err() {
            std::fs::remove_file(path)?;
        }
        Ok(Self { socket: tokio::net::UnixListener::bind(path)?, path: path.into() })
    }

    /// The next connection. Cancel safe.
    ///
    /// # Errors
    /// Whatever the system says.
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        let (stream, _) = self.socket.accept().await?;
        let peer = Peer { uid: stream.peer_cred()?.uid() };
        Ok((stream, peer))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
