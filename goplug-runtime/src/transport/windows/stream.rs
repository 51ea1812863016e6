//! A connection.
//!
//! A pipe has no half that can be closed alone: its end is the end of both directions. HTTP does not need
//! one, since each message says how long it is.

use std::io::{self, ErrorKind, IoSlice};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "host")]
use std::task::Waker;
use std::task::{Context, Poll, ready};
#[cfg(feature = "plugin")]
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};

#[cfg(feature = "host")]
use super::Peer;
use super::left_unread;
use super::pipe::Pipe;
#[cfg(feature = "plugin")]
use super::pipe_calls::is_closing;
use super::unsent;

/// How often to look for the end of a connection from which nothing is read.
#[cfg(feature = "plugin")]
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A connection between a host and a plugin. It needs the runtime on which it was made, with
/// I/O.
#[derive(Debug)]
pub struct Stream {
    pub(super) pipe: Arc<Pipe>,
    /// Whether this end has said that it writes no more.
    is_shut_down: bool,
}

impl Stream {
    /// The end that has connected.
    pub(super) fn connected(pipe: NamedPipeClient) -> Self {
        Self::of(Pipe::connected(pipe))
    }

    /// The end that was accepted.
    pub(super) fn accepted(pipe: NamedPipeServer) -> Self {
        Self::of(Pipe::accepted(pipe))
    }

    /// The same connection. A pipe does not wake its writer when it is read.
    ///
    /// # Errors
    /// None; on other systems, that of registering the socket.
    #[cfg(feature = "host")]
    pub fn watched_for_reading(self) -> io::Result<Self> {
        Ok(self)
    }

    fn of(pipe: Pipe) -> Self {
        Self { pipe: Arc::new(pipe), is_shut_down: false }
    }

    /// Two connected streams: the end that has connected, and the end that was accepted. Needs a
    /// runtime with I/O.
    #[cfg(test)]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (connected, accepted) = Pipe::pair()?;
        Ok((Self::of(connected), Self::of(accepted)))
    }

    /// Whether the runtime knows of bytes that have arrived or of the end of the connection, or is
    /// itself gone. Asks the system nothing, and forgets the task that waits for the next bytes.
    #[cfg(feature = "host")]
    pub fn has_news(&self) -> bool {
        self.pipe.poll_read_ready(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Whether a peer learns that this end writes no more while its own bytes are still read.
    #[cfg(feature = "plugin")]
    pub const HAS_HALVES: bool = false;

    /// Whether further writes are likely to wait for room, as those of a stream are. It makes no
    /// difference on Windows.
    #[cfg(feature = "plugin")]
    pub fn expect_waits(&mut self, _: bool) {}

    /// Resolves when the peer has closed its end, whether or not there is something to read. Cancel
    /// safe.
    #[cfg(feature = "plugin")]
    pub async fn peer_closed(&self) {
        while !is_closing(self.as_handle()) {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Ends a connection that was accepted, and from which nothing was read since the last response. A peer
    /// that has sent a request meanwhile learns that it was not read. Resolves when the peer has read what
    /// was written, or after a second. Cancel safe; but then the peer may learn nothing.
    #[cfg(any(feature = "plugin", test))]
    pub async fn close_idle(self) {
        left_unread::tell(&self.pipe).await;
    }

    /// [`poll_receive`](Self::poll_receive) of at most `limit` bytes.
    ///
    /// # Errors
    /// The system's error.
    pub fn poll_receive_some(
        &mut self,
        cx: &mut Context<'_>,
        target: &mut Vec<u8>,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        let room = limit.min(target.capacity() - target.len());
        self.pipe.poll_read(cx, target, room)
    }

    /// Gives as much of the parts to the system as it takes at once.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_shut_down {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        self.pipe.poll_accept(cx, parts)
    }
}

impl AsHandle for Stream {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.pipe.as_handle()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut space = buffer.initialize_unfilled();
        let room = space.len();
        let count = ready!(self.pipe.poll_read(cx, &mut space, room))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready when the peer gets what was written even if this process ends.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.poll_complete(cx)
    }

    /// Writes no more, and flushes. The peer sees the end once this one is closed.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_shut_down = true;
        self.poll_flush(cx)
    }
}

#[cfg(feature = "host")]
impl Stream {
    /// Asks the system who is at the other end.
    ///
    /// # Errors
    /// The system's error.
    pub fn peer(&self) -> io::Result<Peer> {
        self.pipe.peer()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.pipe.has_left_unread() {
            left_unread::tell_later(&self.pipe);
        } else if self.pipe.is_writing() {
            unsent::wait(&self.pipe);
        }
    }
}

/// Whether the peer closed the connection without having read all that was sent to it. A plugin that
/// disconnects a pipe says so; see [`left_unread`].
#[cfg(feature = "host")]
pub fn was_left_unread(error: &io::Error) -> bool {
    error.kind() == ErrorKind::ConnectionReset
}

#[cfg(test)]
mod tests;
