//! A connection, and what of it the runtime watches.
//!
//! A Unix socket wakes whoever waits for room each time that its other end has read, whether
//! or not there was room before, and tokio's own stream always waits for room. At the end that
//! called, that is of use: where the plugin has a processor of its own, the host is on its
//! feet while the plugin is at work, and the answer finds it there. At the end that was
//! called it is in vain: each answer would wake the plugin once more when it is read, at the
//! cost of a third of a call where both have one processor. So a plugin's end is watched for
//! something to read, and for room only while a write lacks it.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::buffer::spare_capacity;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

#[cfg(feature = "host")]
use super::{HangUp, Peer, credentials::peer_of};

/// A connection between a host and a plugin. Needs the runtime, with I/O, on which it was
/// made.
#[derive(Debug)]
pub struct Stream {
    socket: Arc<Socket>,
    /// Watches for room, from a write that found too little until one that is complete.
    room: Option<pipe::Sender>,
}

/// A socket, and what of it the runtime watches.
#[derive(Debug)]
enum Socket {
    /// Something to read, and room to write.
    Both(UnixStream),
    /// Something to read. What tokio watches in one direction only are the ends of a pipe; to
    /// them a socket is a descriptor like any other.
    Reading(pipe::Receiver),
}

impl Socket {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Both(socket) => socket.poll_read_ready(cx),
            Self::Reading(socket) => socket.poll_read_ready(cx),
        }
    }

    /// Lets `read` read; where it would block there is nothing to read any more.
    fn try_read<R>(&self, read: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        match self {
            Self::Both(socket) => socket.try_io(Interest::READABLE, read),
            Self::Reading(socket) => socket.try_io(read),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Both(socket) => socket.as_fd(),
            Self::Reading(socket) => socket.as_fd(),
        }
    }
}

impl Stream {
    /// The end that has connected. The socket must not block.
    pub(super) fn connected(socket: OwnedFd) -> io::Result<Self> {
        let socket = UnixStream::from_std(socket.into())?;
        Ok(Self { socket: Arc::new(Socket::Both(socket)), room: None })
    }

    /// The end that was accepted. The socket must not block.
    pub(super) fn accepted(socket: OwnedFd) -> io::Result<Self> {
        let socket = pipe::Receiver::from_owned_fd_unchecked(socket)?;
        Ok(Self { socket: Arc::new(Socket::Reading(socket)), room: None })
    }

    /// Asks the kernel who is at the other end.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(feature = "host")]
    pub fn peer(&self) -> io::Result<Peer> {
        peer_of(self.as_fd())
    }

    /// What ends this connection from beside whoever waits on it.
    #[cfg(feature = "host")]
    pub fn hang_up(&self) -> HangUp {
        HangUp::of(&self.socket)
    }

    /// Two that are connected with each other: the first one has connected, the second was
    /// accepted.
    #[cfg(test)]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = std::os::unix::net::UnixStream::pair()?;
        a.set_nonblocking(true)?;
        b.set_nonblocking(true)?;
        Ok((Self::connected(a.into())?, Self::accepted(b.into())?))
    }

    /// Reads what there is, and appends it as far as the capacity reaches, which must be
    /// further than it is filled. Zero is the end.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        target: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        let room = target.capacity() - target.len();
        self.poll_recv(cx, room, |socket| {
            Ok(rustix::net::recv(socket, spare_capacity(target), RecvFlags::DONTWAIT)?.0)
        })
    }

    /// [`poll_receive`](Self::poll_receive) as a future. Cancel safe.
    ///
    /// # Errors
    /// What the system says.
    pub async fn receive(&mut self, target: &mut Vec<u8>) -> io::Result<usize> {
        poll_fn(|cx| self.poll_receive(cx, target)).await
    }

    /// Lets `recv` fill so much room once there is something.
    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        mut recv: impl FnMut(BorrowedFd<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_read_ready(cx))?;
            let mut all = None;
            let received = self.socket.try_read(|| {
                let count = recv(self.as_fd())?;
                // With less than would fit nothing is left, and the next attempt may as well
                // wait before it reads in vain.
                if (1..room).contains(&count) {
                    all = Some(count);
                    return Err(ErrorKind::WouldBlock.into());
                }
                Ok(count)
            });
            match (received, all) {
                (_, Some(count)) => return Poll::Ready(Ok(count)),
                (Err(error), None) if error.kind() == ErrorKind::WouldBlock => {}
                (received, None) => return Poll::Ready(received),
            }
        }
    }

    /// Sends as much of these parts as there is room for.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let send = |socket: BorrowedFd<'_>| send(socket, parts, flags).map_err(io::Error::from);
        if self.room.is_none() {
            match send(self.as_fd()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
        loop {
            let sent = match (&*self.socket, &self.room) {
                (Socket::Both(socket), _) => {
                    ready!(socket.poll_write_ready(cx))?;
                    socket.try_io(Interest::WRITABLE, || send(socket.as_fd()))
                }
                (Socket::Reading(_), Some(room)) => {
                    ready!(room.poll_write_ready(cx))?;
                    room.try_io(|| send(room.as_fd()))
                }
                (Socket::Reading(socket), None) => {
                    let again = socket.as_fd().try_clone_to_owned()?;
                    self.room = Some(pipe::Sender::from_owned_fd_unchecked(again)?);
                    continue;
                }
            };
            match sent {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                sent => {
                    if sent.as_ref().is_ok_and(|sent| *sent == length(parts)) {
                        self.room = None;
                    }
                    return Poll::Ready(sent);
                }
            }
        }
    }
}

fn length(parts: &[IoSlice<'_>]) -> usize {
    parts.iter().map(|part| part.len()).sum()
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
        // What nobody else could hang up, tokio reads into memory that has not been cleared.
        match Arc::get_mut(&mut self.socket) {
            Some(Socket::Both(socket)) => Pin::new(socket).poll_read(cx, buffer),
            Some(Socket::Reading(socket)) => Pin::new(socket).poll_read(cx, buffer),
            None => {
                let space = buffer.initialize_unfilled();
                let count = ready!(self.poll_recv(cx, space.len(), |socket| {
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

/// So many bytes in parts are copied into one, which the system sends with less to do.
const SMALL: usize = 512;

/// Sends these parts, or as much of them as there is room for.
pub(super) fn send(
    socket: impl AsFd,
    parts: &[IoSlice<'_>],
    flags: SendFlags,
) -> rustix::io::Result<usize> {
    match parts {
        [part, rest @ ..] if rest.iter().all(|part| part.is_empty()) => {
            rustix::net::send(socket, part, flags)
        }
        _ if length(parts) <= SMALL => {
            let (mut bytes, mut end) = ([0; SMALL], 0);
            for part in parts {
                bytes[end..end + part.len()].copy_from_slice(part);
                end += part.len();
            }
            rustix::net::send(socket, &bytes[..end], flags)
        }
        _ => rustix::net::sendmsg(socket, parts, &mut SendAncillaryBuffer::default(), flags),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Duration, timeout};

    use super::*;

    const SOON: Duration = Duration::from_secs(10);
    const LARGE: usize = 4 << 20;

    #[tokio::test]
    async fn what_is_written_is_read_and_so_is_the_end() {
        let (mut ours, mut theirs) = Stream::pair().unwrap();
        ours.write_all(b"one").await.unwrap();
        let slices = [IoSlice::new(b" two"), IoSlice::new(b" three")];
        assert_eq!(ours.write_vectored(&slices).await.unwrap(), 10);
        ours.shutdown().await.unwrap();
        let mut read = String::new();
        theirs.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "one two three");
        theirs.write_all(b"and back").await.unwrap();
        let mut back = [0; 8];
        ours.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"and back");
    }

    #[tokio::test]
    async fn parts_are_sent_in_their_order_however_large_they_are() {
        let (mut ours, mut theirs) = Stream::pair().unwrap();
        for length in [0, 1, SMALL / 2, SMALL / 2 + 1, SMALL] {
            let (first, second) = (vec![1; length], vec![2; length]);
            let parts = [&first, &second].map(|part| IoSlice::new(part));
            assert_eq!(ours.write_vectored(&parts).await.unwrap(), 2 * length);
            let mut read = vec![0; 2 * length];
            theirs.read_exact(&mut read).await.unwrap();
            assert_eq!(read, [first, second].concat());
        }
    }

    #[tokio::test]
    async fn a_write_waits_for_room_and_is_watched_no_longer_than_that() {
        let (mut host, mut plugin) = Stream::pair().unwrap();
        let sent: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
        for _ in 0..2 {
            let (ours, theirs) = (&mut host, &mut plugin);
            let mut read = vec![0; LARGE];
            let both = async { tokio::join!(ours.write_all(&sent), theirs.read_exact(&mut read)) };
            let (written, received) = timeout(SOON, both).await.unwrap();
            written.unwrap();
            received.unwrap();
            assert!(read == sent);
            assert!(ours.room.is_none());
            std::mem::swap(&mut host, &mut plugin);
        }
    }

    #[tokio::test]
    async fn a_write_that_waits_ends_when_the_other_end_goes() {
        let (a, b) = Stream::pair().unwrap();
        let (c, d) = Stream::pair().unwrap();
        for (mut ours, theirs) in [(a, b), (d, c)] {
            let large = vec![0; LARGE];
            let mut write = std::pin::pin!(ours.write_all(&large));
            assert!(
                std::future::poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx).is_pending())).await
            );
            drop(theirs);
            let error = timeout(SOON, write).await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
    }

    #[cfg(feature = "host")]
    #[tokio::test]
    async fn who_is_hung_up_on_reads_what_came_before_and_then_the_end() {
        let (mut ours, mut theirs) = Stream::pair().unwrap();
        theirs.write_all(b"before").await.unwrap();
        ours.hang_up().now();
        let mut read = Vec::with_capacity(64);
        while ours.read_buf(&mut read).await.unwrap() > 0 {}
        assert_eq!(read, b"before");
        assert_eq!(theirs.read_buf(&mut read).await.unwrap(), 0);
    }

    #[test]
    fn who_answers_is_not_woken_because_the_answer_was_read() {
        const QUESTIONS: usize = 500;
        let parked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&parked);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_park(move || _ = counter.fetch_add(1, Ordering::Relaxed))
            .build()
            .unwrap();
        let (mut host, plugin) = std::os::unix::net::UnixStream::pair().unwrap();
        plugin.set_nonblocking(true).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..QUESTIONS {
                    host.write_all(b"?").unwrap();
                    host.read_exact(&mut [0]).unwrap();
                }
            });
            runtime.block_on(async {
                let mut plugin = Stream::accepted(plugin.into()).unwrap();
                let mut question = Vec::with_capacity(8);
                while plugin.read_buf(&mut question).await.unwrap() > 0 {
                    plugin.write_all(&question).await.unwrap();
                    question.clear();
                }
            });
        });
        let parked = parked.load(Ordering::Relaxed);
        assert!(parked <= QUESTIONS + 10, "{parked}");
    }
}
