//! The two ways to listen: for oneself, and on behalf of a process to be started.
//!
//! A host binds the socket of a plugin that it starts, and hands it over. Whoever
//! connects while the plugin boots, or between two of its lives, waits in the
//! kernel's queue instead of meeting a path that nobody serves.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use tokio::net::UnixListener;

use super::peer::Peer;
use super::socket::{self, SocketFile};
use super::{Stream, check_path};

/// A socket on which this process accepts connections.
///
/// Dropping it closes it, and removes its file if this process made the file and
/// it is still the same one.
#[derive(Debug)]
pub struct Listener {
    file: Option<SocketFile>,
    inner: UnixListener,
}

impl Listener {
    /// Listens at `path`: a socket of mode 0600, in a folder that is made with mode
    /// 0700 if it is missing. The socket of a process that is gone is replaced.
    ///
    /// Needs a runtime with I/O; waits at most a second, for other goplug processes
    /// that bind in the same folder.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for what [`check_path`] refuses,
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if another process answers there,
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if the file is not a socket,
    /// and what the system says.
    pub fn bind(path: &Path) -> io::Result<Self> {
        check_path(path)?;
        let (socket, file) = socket::bind(path)?;
        match UnixListener::from_std(socket.into()) {
            Ok(inner) => Ok(Self { file: Some(file), inner }),
            Err(error) => {
                file.remove()?;
                Err(error)
            }
        }
    }

    /// A listener that somebody else bound, and whose file stays theirs.
    #[cfg(feature = "plugin")]
    pub(super) fn inherited(socket: OwnedFd) -> io::Result<Self> {
        let listener = std::os::unix::net::UnixListener::from(socket);
        listener.set_nonblocking(true)?;
        Ok(Self { file: None, inner: UnixListener::from_std(listener)? })
    }

    /// The next connection, and who is at its other end.
    ///
    /// Cancel safe: dropping the future loses no connection.
    ///
    /// # Errors
    /// What the system says. An error concerns one connection, or passes, as too
    /// many open files does: wait a moment and accept again.
    #[doc(hidden)]
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        let (stream, _) = self.inner.accept().await?;
        let peer = Peer::of(&stream)?;
        Ok((Stream::accepted(stream.into_std()?.into())?, peer))
    }

    /// The path of the socket; `None` if it was inherited.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(SocketFile::path)
    }

    /// Stops listening and removes the socket's file, if it was made here.
    ///
    /// # Errors
    /// What the system says about removing the file; the socket is closed anyway.
    pub fn close(mut self) -> io::Result<()> {
        self.remove()
    }

    fn remove(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |file| file.remove())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Nobody is left to tell; the next bind replaces what stays behind.
        let _ = self.remove();
    }
}

/// A listening socket that a host keeps for a plugin's processes.
///
/// It stays open from one process to the next, so that connections wait in
/// between. Dropping it closes the host's end and removes the file as
/// [`Listener`] does. A client that connects sees the credentials of the process
/// that bound it, which is the host.
#[derive(Debug)]
pub struct PassedListener {
    file: SocketFile,
    socket: OwnedFd,
}

impl PassedListener {
    /// Listens at `path`, as [`Listener::bind`] does, but needs no runtime and
    /// accepts nothing itself. The folder has to be there, and to be the caller's own:
    /// others that bind in it are not waited for.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn bind(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        check_path(&path)?;
        let (socket, file) = socket::bind_alone(path)?;
        // The process that gets it may be in a language that expects to block.
        rustix::io::ioctl_fionbio(&socket, false)?;
        Ok(Self { file, socket })
    }

    /// The path of the socket, absolute.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Removes the file, if it is still the one made here: nobody can connect any
    /// more, while the process that has the socket serves what is open.
    ///
    /// # Errors
    /// What the system says; a file that is gone already is no error.
    pub fn remove(&self) -> io::Result<()> {
        self.file.remove()
    }
}

impl AsFd for PassedListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for PassedListener {
    fn drop(&mut self) {
        // Nobody is left to tell; the next bind replaces what stays behind.
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::transport::{connect, own_uid};

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_connection_arrives_with_its_peer() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = Listener::bind(&path).unwrap();
        let mut client = connect(&path, SOON).await.unwrap();
        let (mut server, peer) = listener.accept().await.unwrap();

        client.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        server.read_exact(&mut heard).await.unwrap();

        assert_eq!(&heard, b"ping");
        assert_eq!(peer.uid, own_uid());
        assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
        assert!(peer.is_trusted());
    }

    #[tokio::test]
    async fn dropping_a_listener_removes_its_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = Listener::bind(&path).unwrap();
        assert_eq!(listener.path(), Some(path.as_path()));
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn closing_a_listener_removes_its_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        Listener::bind(&path).unwrap().close().unwrap();
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_refused_before_a_folder_is_made() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("folder");
        let error = Listener::bind(&folder.join("x".repeat(120))).unwrap_err();
        assert!(error.to_string().contains("the system allows 107"), "{error}");
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn who_connects_before_anybody_accepts_is_queued() {
        let temp = tempfile::tempdir().unwrap();
        let passed = PassedListener::bind(&temp.path().join("s")).unwrap();
        let mut client = connect(passed.path(), SOON).await.unwrap();
        client.write_all(b"early").await.unwrap();

        let late = std::os::unix::net::UnixListener::from(passed.socket.try_clone().unwrap());
        let (mut server, _) = late.accept().unwrap();
        let mut heard = [0; 5];
        std::io::Read::read_exact(&mut server, &mut heard).unwrap();
        assert_eq!(&heard, b"early");
    }

    #[test]
    fn a_removed_passed_listener_frees_its_path() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let passed = PassedListener::bind(&path).unwrap();
        passed.remove().unwrap();
        let _successor = PassedListener::bind(&path).unwrap();
        drop(passed);
        assert!(path.exists());
    }
}
