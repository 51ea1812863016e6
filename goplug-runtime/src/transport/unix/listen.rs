//! The two ways to listen: in this process, and on behalf of a process to be started.
//!
//! A host binds the socket of a plugin that it starts, and hands it over. Connections that arrive
//! while the plugin starts, or between two of its processes, wait in the kernel's queue instead of
//! being refused.

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
    /// `None` if the socket was inherited.
    pub(super) file: Option<SocketFile>,
    pub(super) inner: UnixListener,
}

impl Listener {
    /// Listens at `path`: a socket of mode 0600, in a folder that is made with mode
    /// 0700 if it is missing. The socket of a process that is gone is replaced.
    ///
    /// Needs a runtime with I/O. Waits at most a second for other goplug processes that bind in the
    /// same folder.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that [`check_path`] refuses,
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if another process listens there,
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if the file is not a socket, or another error
    /// of the system.
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

    /// The next connection, and the credentials of its peer.
    ///
    /// Cancel safe: dropping the future loses no connection.
    ///
    /// # Errors
    /// The system's error. It concerns one connection only, or is temporary, such as too many open
    /// files: wait a moment and accept again.
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

    /// The socket's file; `None` if the socket was inherited. The file can be removed by it even
    /// where the listener is out of reach.
    #[cfg(feature = "plugin")]
    pub(crate) fn file(&self) -> Option<SocketFile> {
        self.file.clone()
    }

    /// Stops listening and removes the socket's file, if this listener made it.
    ///
    /// # Errors
    /// The system's error if the file cannot be removed; the socket is closed nevertheless.
    pub fn close(mut self) -> io::Result<()> {
        self.remove()
    }

    fn remove(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |file| file.remove())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // An error cannot be reported here; the next bind replaces a file that stays behind.
        let _ = self.remove();
    }
}

/// A listening socket that a host binds for the process of a plugin.
///
/// Connections wait until the process accepts them. Dropping it closes the host's descriptor and
/// removes the file as [`Listener`] does. A client that connects sees the credentials of the process
/// that bound the socket, which is the host.
#[derive(Debug)]
pub struct PassedListener {
    file: SocketFile,
    /// `None` once the process has taken it over.
    socket: Option<OwnedFd>,
}

impl PassedListener {
    /// Listens at `path` as [`Listener::bind`] does, but needs no runtime and accepts no
    /// connections. The folder must exist, and no other process may bind in it meanwhile: it is not
    /// locked.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn bind(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        check_path(&path)?;
        let (socket, file) = socket::bind_alone(path)?;
        // The plugin's language may expect a blocking socket.
        rustix::io::ioctl_fionbio(&socket, false)?;
        Ok(Self { file, socket: Some(socket) })
    }

    /// A handle of the socket, to start a process with.
    ///
    /// # Errors
    /// The system's error, for example too many open files;
    /// [`NotConnected`](io::ErrorKind::NotConnected) after [`close`](Self::close).
    pub fn handle(&self) -> io::Result<ListenerHandle> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        socket.try_clone().map(ListenerHandle)
    }

    /// Closes this process's descriptor, once the other process serves on the socket. The file
    /// stays. A descriptor for each plugin is saved, and when the process ends, connections are
    /// refused at once instead of waiting in a queue that nobody serves.
    pub fn close(&mut self) {
        self.socket = None;
    }

    /// The path of the socket, absolute.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether the process that has the socket has begun to serve on it, if its program is goplug's:
    /// then it has made the socket non-blocking, for itself and everybody who shares it.
    pub fn is_taken(&self) -> bool {
        let flags = self.socket.as_ref().and_then(|socket| rustix::fs::fcntl_getfl(socket).ok());
        flags.is_none_or(|flags| flags.contains(rustix::fs::OFlags::NONBLOCK))
    }

    /// Whether the process has bound a socket of its own at the path, in place of the one that it was
    /// given. It may not listen yet.
    pub fn is_replaced(&self) -> bool {
        self.file.is_replaced()
    }

    /// From here on, the file at the path is that of the process's own socket: it is removed with
    /// this.
    ///
    /// # Errors
    /// The system's error, for example if there is no file.
    pub fn adopt_file(&mut self) -> io::Result<()> {
        self.file.adopt()
    }

    /// Removes the file, if it is still that of this socket. No new connections are possible then;
    /// the process that has the socket keeps its open connections.
    ///
    /// # Errors
    /// The system's error; a file that has been removed already is not an error.
    pub fn remove(&self) -> io::Result<()> {
        self.file.remove()
    }
}

/// The listening socket of a [`PassedListener`], for one process that is to be started.
#[derive(Debug)]
pub struct ListenerHandle(OwnedFd);

impl AsFd for ListenerHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for PassedListener {
    fn drop(&mut self) {
        // An error cannot be reported here; the next bind replaces a file that stays behind.
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
    async fn a_connection_waits_until_it_is_accepted() {
        let temp = tempfile::tempdir().unwrap();
        let passed = PassedListener::bind(&temp.path().join("s")).unwrap();
        let mut client = connect(passed.path(), SOON).await.unwrap();
        client.write_all(b"early").await.unwrap();

        let late = std::os::unix::net::UnixListener::from(passed.handle().unwrap().0);
        let (mut server, _) = late.accept().unwrap();
        let mut heard = [0; 5];
        std::io::Read::read_exact(&mut server, &mut heard).unwrap();
        assert_eq!(&heard, b"early");
    }

    #[tokio::test]
    async fn a_closed_listener_leaves_the_socket_to_the_other_process() {
        let temp = tempfile::tempdir().unwrap();
        let mut passed = PassedListener::bind(&temp.path().join("s")).unwrap();
        let theirs = passed.handle().unwrap();
        passed.close();
        assert!(passed.handle().is_err());
        connect(passed.path(), SOON).await.unwrap();
        drop(theirs);
        let error = connect(passed.path(), SOON).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_process_may_replace_the_socket_by_its_own() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let mut passed = PassedListener::bind(&path).unwrap();
        assert!(!passed.is_replaced());
        std::fs::remove_file(&path).unwrap();
        assert!(!passed.is_replaced());
        std::fs::write(&path, "").unwrap();
        assert!(!passed.is_replaced());
        std::fs::remove_file(&path).unwrap();
        let _own = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(passed.is_replaced());
        passed.adopt_file().unwrap();
        assert!(!passed.is_replaced());
        drop(passed);
        assert!(!path.exists());
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
