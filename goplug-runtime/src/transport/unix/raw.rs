//! The plugin's end of connections, for the unit tests of the rooms above that play a plugin: it blocks, and
//! reads and writes bytes and nothing else.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::net::{RecvFlags, Shutdown};

#[cfg(feature = "host")]
use super::ShutdownHandle;

/// A socket on which a test accepts connections. Its clones are the same socket.
#[derive(Clone)]
pub(crate) struct RawListener {
    socket: Arc<UnixListener>,
    path: PathBuf,
}

impl RawListener {
    pub(crate) fn bind(path: &Path) -> Self {
        Self { socket: Arc::new(UnixListener::bind(path).unwrap()), path: path.into() }
    }

    /// A socket that takes no further connection, and the connection that it has taken.
    pub(crate) fn bind_full(path: &Path) -> (Self, RawStream) {
        let listener = Self::bind(path);
        rustix::net::listen(&*listener.socket, 0).unwrap();
        (listener, RawStream::new(UnixStream::connect(path).unwrap()))
    }

    pub(crate) fn accept(&self) -> io::Result<RawStream> {
        Ok(RawStream::new(self.socket.accept()?.0))
    }

    /// Takes no more connections, and ends every `accept`, as a crash does: the file of the socket stays.
    pub(crate) fn crash(&self) {
        rustix::net::shutdown(&*self.socket, Shutdown::Both).unwrap();
    }

    /// Takes no more connections, and ends every `accept`, as a stop in good order does.
    pub(crate) fn stop(&self) {
        std::fs::remove_file(&self.path).unwrap();
        self.crash();
    }
}

/// A connection. Its clones are the same connection, which ends with the last of them.
#[derive(Clone)]
pub(crate) struct RawStream(Arc<UnixStream>);

impl RawStream {
    fn new(socket: UnixStream) -> Self {
        Self(Arc::new(socket))
    }

    /// Two ends that are connected.
    pub(crate) fn pair() -> (Self, Self) {
        let (a, b) = UnixStream::pair().unwrap();
        (Self::new(a), Self::new(b))
    }

    /// Waits until there is something to read, and reads nothing.
    pub(crate) fn wait_until_readable(&self) {
        rustix::net::recv(&*self.0, &mut [0; 1], RecvFlags::PEEK).unwrap();
    }

    /// Whether the peer has ended the connection, and everything has been read.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(rustix::net::recv(&*self.0, &mut [0; 1], RecvFlags::DONTWAIT), Ok((0, _)))
    }

    /// Ends the connection, whoever else has it.
    pub(crate) fn shut_down(&self) {
        // The peer may have closed the connection.
        drop(self.0.shutdown(std::net::Shutdown::Both));
    }

    #[cfg(feature = "host")]
    pub(crate) fn shutdown_handle(&self) -> ShutdownHandle {
        ShutdownHandle::new(&self.0)
    }
}

impl Read for RawStream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(bytes)
    }
}

impl Write for RawStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
