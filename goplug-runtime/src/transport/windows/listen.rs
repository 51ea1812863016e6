//! Listening in this process.
//!
//! Windows has no queue of connections: a client takes an instance of the pipe that waits for one. So
//! several wait at a time, and the next is there before one is served.

use std::fmt;
use std::io;
use std::os::windows::io::AsHandle;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::net::windows::named_pipe::NamedPipeServer;

use super::pipe_calls::exists;
use super::pipe_security::create_instance;
use super::socket::SocketFile;
use super::{Peer, Stream, check_path};

/// How many instances of a pipe wait for a client. As many clients can connect at the same time; others
/// have to try again.
const WAITING: usize = 8;

/// A pipe on which this process accepts connections. Dropping it closes it.
pub struct Listener {
    file: SocketFile,
    /// Whether the host has named the pipe.
    is_passed: bool,
    /// Those that wait, or whose client has not been accepted yet.
    instances: Mutex<Vec<Instance>>,
}

/// An instance of a pipe that waits for a client, and is there once one has connected. Dropping it ends
/// the connection.
type Instance = Pin<Box<dyn Future<Output = io::Result<NamedPipeServer>> + Send>>;

impl Listener {
    /// Listens at `path`, which is the name of a pipe: only this user and the system may connect, and only
    /// from this machine.
    ///
    /// Needs a runtime with I/O.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that [`check_path`] refuses,
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if another process has a pipe of this name, or another
    /// error of the system.
    pub fn bind(path: &Path) -> io::Result<Self> {
        Self::new(path, false)
    }

    /// As [`bind`](Self::bind), at the path that the host has named.
    #[cfg(feature = "plugin")]
    pub(super) fn passed(path: &Path) -> io::Result<Self> {
        Self::new(path, true)
    }

    fn new(path: &Path, is_passed: bool) -> io::Result<Self> {
        let listener = Self::of_one_instance(path, is_passed)?;
        listener.fill(&mut listener.lock(), WAITING)?;
        Ok(listener)
    }

    /// A pipe that takes one client, and no other before somebody accepts.
    pub(super) fn of_one_instance(path: &Path, is_passed: bool) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        check_path(&path)?;
        check_free(&path)?;
        let first = create_instance(&path, true).map_err(|error| match error.kind() {
            // Another process has just made a pipe of this name.
            io::ErrorKind::PermissionDenied => in_use(),
            _ => error,
        })?;
        let instances = Mutex::new(vec![waiting(first)]);
        Ok(Self { file: SocketFile::new(path), is_passed, instances })
    }

    /// Makes instances until there are so many.
    fn fill(&self, instances: &mut Vec<Instance>, count: usize) -> io::Result<()> {
        while instances.len() < count {
            instances.push(waiting(create_instance(self.file.path(), false)?));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Instance>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next connection, and its peer. Only one task may wait for it at a time.
    ///
    /// Cancel safe: dropping the future loses no connection.
    ///
    /// # Errors
    /// The system's error. It concerns one connection only, or is temporary, such as too little
    /// memory: wait a moment and accept again.
    #[doc(hidden)]
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        let pipe = std::future::poll_fn(|cx| self.poll_accept(cx)).await?;
        let peer = Peer::client_of(pipe.as_handle())?;
        Ok((Stream::accepted(pipe), peer))
    }

    /// Ready with the next connection.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<NamedPipeServer>> {
        let mut instances = self.lock();
        // One more than have to wait: so enough of them do when one is served.
        self.fill(&mut instances, WAITING + 1)?;
        for at in 0..instances.len() {
            if let Poll::Ready(connected) = instances[at].as_mut().poll(cx) {
                drop(instances.swap_remove(at));
                return Poll::Ready(connected);
            }
        }
        Poll::Pending
    }

    /// The path of the socket; `None` if the host has named it.
    pub fn path(&self) -> Option<&Path> {
        (!self.is_passed).then(|| self.file.path())
    }

    /// The name of the socket; `None` if the host has named it.
    #[cfg(feature = "plugin")]
    pub(crate) fn file(&self) -> Option<SocketFile> {
        (!self.is_passed).then(|| self.file.clone())
    }

    /// Stops listening.
    ///
    /// # Errors
    /// None.
    pub fn close(self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("file", &self.file).finish_non_exhaustive()
    }
}

fn waiting(instance: NamedPipeServer) -> Instance {
    Box::pin(async move {
        instance.connect().await?;
        Ok(instance)
    })
}

/// Checks that nobody has a pipe of this name.
pub(super) fn check_free(path: &Path) -> io::Result<()> {
    if exists(path)? { Err(in_use()) } else { Ok(()) }
}

fn in_use() -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, "the socket is in use by another process")
}

#[cfg(test)]
mod tests;
