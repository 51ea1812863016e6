//! A connection, and the readiness for which the runtime watches it.
//!
//! A Unix socket wakes a process that waits for room to write each time that its peer has read,
//! even if there was room before, and tokio's own stream always waits for room. At the host's
//! end that is useful: if the plugin has a processor of its own, the host is awake while the
//! plugin works, and ready when the response comes. At the plugin's end it is useless: each
//! response would wake the plugin once more when the host reads it. If both share one processor,
//! that takes a third of the time of a call. So the plugin's end is watched for reading, and for
//! writing only while a write waits for room. So is, with one processor, a host's end on which
//! nothing is answered.

use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "host")]
use std::task::Waker;
use std::task::{Context, Poll, ready};
#[cfg(feature = "plugin")]
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags, Shutdown};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

use super::recv::recv_into;
use super::send::{length, send};
#[cfg(feature = "plugin")]
use super::system::END;
use super::system::{NO_SIGNAL, prepare_accepted};

/// How often to look for the end of a connection where the system tells of bytes as well.
#[cfg(feature = "plugin")]
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A connection between a host and a plugin. It needs the runtime on which it was made, with
/// I/O.
#[derive(Debug)]
pub struct Stream {
    pub(super) socket: Arc<RegisteredSocket>,
    /// Watches for room to write, from a write that found too little until the next complete one.
    room: Option<pipe::Sender>,
    /// Whether that goes on after a complete write.
    keeps_room: bool,
}

/// A socket that is registered with the runtime.
#[derive(Debug)]
pub(super) enum RegisteredSocket {
    /// For reading and writing.
    ReadWrite(UnixStream),
    /// For reading. tokio registers nothing but the ends of a pipe for one direction only; it
    /// treats a socket in one of them as any other descriptor.
    ReadOnly(pipe::Receiver),
}

impl RegisteredSocket {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::ReadWrite(socket) => socket.poll_read_ready(cx),
            Self::ReadOnly(socket) => socket.poll_read_ready(cx),
        }
    }

    /// Calls `read`. If that returns [`WouldBlock`](ErrorKind::WouldBlock), the runtime forgets
    /// that the socket was ready, and waits for it anew.
    #[inline]
    fn try_read<R>(&self, read: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        match self {
            Self::ReadWrite(socket) => socket.try_io(Interest::READABLE, read),
            Self::ReadOnly(socket) => socket.try_io(read),
        }
    }
}

impl AsFd for RegisteredSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::ReadWrite(socket) => socket.as_fd(),
            Self::ReadOnly(socket) => socket.as_fd(),
        }
    }
}

impl Stream {
    /// The end that has connected. The socket must be non-blocking.
    pub(super) fn connected(socket: OwnedFd) -> io::Result<Self> {
        let socket = UnixStream::from_std(socket.into())?;
        Ok(Self {
            socket: Arc::new(RegisteredSocket::ReadWrite(socket)),
            room: None,
            keeps_room: false,
        })
    }

    /// The end that was accepted. The socket must be non-blocking.
    pub(super) fn accepted(socket: OwnedFd) -> io::Result<Self> {
        prepare_accepted(&socket)?;
        let socket = pipe::Receiver::from_owned_fd_unchecked(socket)?;
        Ok(Self {
            socket: Arc::new(RegisteredSocket::ReadOnly(socket)),
            room: None,
            keeps_room: false,
        })
    }

    /// The same connection, with this end watched for reading, and for writing only while a write waits
    /// for room: for an end that is not answered, which would be woken by each read of its peer.
    ///
    /// # Errors
    /// That of registering the socket with the runtime.
    #[cfg(feature = "host")]
    pub fn watched_for_reading(self) -> io::Result<Self> {
        let Self { socket, room, keeps_room } = self;
        let socket = match Arc::try_unwrap(socket) {
            Ok(RegisteredSocket::ReadWrite(socket)) => {
                let socket = socket.into_std()?.into();
                Arc::new(RegisteredSocket::ReadOnly(pipe::Receiver::from_owned_fd_unchecked(
                    socket,
                )?))
            }
            Ok(socket @ RegisteredSocket::ReadOnly(_)) => Arc::new(socket),
            Err(shared) => shared,
        };
        Ok(Self { socket, room, keeps_room })
    }

    /// Two connected streams: the end that has connected, and the end that was accepted.
    #[cfg(test)]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = std::os::unix::net::UnixStream::pair()?;
        a.set_nonblocking(true)?;
        b.set_nonblocking(true)?;
        Ok((Self::connected(a.into())?, Self::accepted(b.into())?))
    }

    /// Whether the runtime knows of bytes that have arrived or of the end of the connection, or is
    /// itself gone. Asks the system nothing, and forgets the task that waits for the next bytes.
    #[cfg(feature = "host")]
    pub fn has_news(&self) -> bool {
        self.socket.poll_read_ready(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Ends a connection that was accepted, and from which nothing was read since the last response. A peer
    /// that has sent a request meanwhile learns that it was not read: the system sees to that.
    #[cfg(any(feature = "plugin", test))]
    pub fn close_idle(self) -> std::future::Ready<()> {
        drop(self);
        std::future::ready(())
    }

    /// Whether a peer learns that this end writes no more while its own bytes are still read.
    #[cfg(feature = "plugin")]
    pub const HAS_HALVES: bool = true;

    /// Whether further writes are likely to wait for room, as those of a stream are: then the socket stays
    /// watched for it after the first wait, which saves four system calls for each further one.
    #[cfg(feature = "plugin")]
    pub fn expect_waits(&mut self, expected: bool) {
        self.keeps_room = expected;
        if !expected {
            self.room = None;
        }
    }

    /// Resolves when the peer has closed its end, or the half of it that writes, whether or not there
    /// is something to read. Cancel safe.
    #[cfg(feature = "plugin")]
    pub async fn peer_closed(&self) {
        loop {
            let ready = match &*self.socket {
                RegisteredSocket::ReadWrite(socket) => socket.ready(END).await,
                RegisteredSocket::ReadOnly(socket) => socket.ready(END).await,
            };
            // An error means that the runtime is gone, and the connection with it.
            if ready.map_or(true, |ready| ready.is_read_closed()) {
                return;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
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
        self.poll_recv(cx, room, &mut |socket| {
            Ok(recv_into(socket, target, room, RecvFlags::DONTWAIT)?)
        })
    }

    /// Calls `recv`, which reads up to `room` bytes, once there is something to read. It is no type
    /// parameter, so that tokio's part stays small enough to be compiled into this function.
    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        recv: &mut dyn FnMut(BorrowedFd<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_read_ready(cx))?;
            let mut drained = None;
            let received = self.socket.try_read(|| {
                let count = recv(self.as_fd())?;
                // A read that does not fill the room has emptied the socket. `WouldBlock` tells
                // tokio so, and the next call waits instead of making another system call.
                if (1..room).contains(&count) {
                    drained = Some(count);
                    return Err(ErrorKind::WouldBlock.into());
                }
                Ok(count)
            });
            match (received, drained) {
                (_, Some(count)) => return Poll::Ready(Ok(count)),
                (Err(error), None) if error.kind() == ErrorKind::WouldBlock => {}
                (received, None) => return Poll::Ready(received),
            }
        }
    }

    /// Sends as much of the parts as the socket has room for.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let flags = NO_SIGNAL | SendFlags::DONTWAIT;
        let send = |socket: BorrowedFd<'_>| send(socket, parts, flags).map_err(io::Error::from);
        if self.room.is_none() {
            match send(self.as_fd()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
        loop {
            let sent = match (&*self.socket, &self.room) {
                (RegisteredSocket::ReadWrite(socket), _) => {
                    ready!(socket.poll_write_ready(cx))?;
                    socket.try_io(Interest::WRITABLE, || send(socket.as_fd()))
                }
                (RegisteredSocket::ReadOnly(_), Some(room)) => {
                    ready!(room.poll_write_ready(cx))?;
                    room.try_io(|| send(room.as_fd()))
                }
                (RegisteredSocket::ReadOnly(socket), None) => {
                    let again = socket.as_fd().try_clone_to_owned()?;
                    self.room = Some(pipe::Sender::from_owned_fd_unchecked(again)?);
                    continue;
                }
            };
            match sent {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                sent => {
                    if !self.keeps_room && sent.as_ref().is_ok_and(|it| *it == length(parts)) {
                        self.room = None;
                    }
                    return Poll::Ready(sent);
                }
            }
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Without a `ShutdownHandle`, tokio can read into memory that is not initialised.
        match Arc::get_mut(&mut self.socket) {
            Some(RegisteredSocket::ReadWrite(socket)) => Pin::new(socket).poll_read(cx, buffer),
            Some(RegisteredSocket::ReadOnly(socket)) => Pin::new(socket).poll_read(cx, buffer),
            None => {
                let space = buffer.initialize_unfilled();
                let count = ready!(self.poll_recv(cx, space.len(), &mut |socket| {
                    Ok(rustix::net::recv(socket, &mut *space, RecvFlags::DONTWAIT)?.0)
                }))?;
                buffer.advance(count);
                Poll::Ready(Ok(()))
            }
        }
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

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(rustix::net::shutdown(self.socket.as_fd(), Shutdown::Write)?))
    }
}

/// Whether the peer closed the connection without having read all that was sent to it. An error of
/// reading says so on a Unix socket: a peer that has read everything leaves an ordinary end behind.
#[cfg(feature = "host")]
pub fn was_left_unread(error: &io::Error) -> bool {
    error.kind() == ErrorKind::ConnectionReset
}

#[cfg(test)]
mod tests;
