//! A connection for callers without a runtime: each call blocks, at most until a deadline.
//!
//! The kernel keeps the deadline (`SO_RCVTIMEO`, `SO_SNDTIMEO`). It takes a duration, and setting one
//! is a system call; so a timeout that is right to a millisecond is not set again, and a call that
//! wakes too early checks the clock and waits again.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{RecvFlags, SendFlags, SocketAddrUnix};

use super::ShutdownHandle;
use crate::transport::unix::connect::explain_connect;
use crate::transport::unix::recv::recv_into;
use crate::transport::unix::send::send;
use crate::transport::unix::system::{NO_SIGNAL, new_blocking_socket, peer_of};
use crate::transport::{Peer, check_path};

/// How far the kernel's timeout may differ from the time that is left without being set again.
const TOLERANCE: Duration = Duration::from_millis(1);

/// A connection between a host and a plugin whose reads and writes block.
#[derive(Debug)]
pub struct BlockingStream {
    socket: Arc<UnixStream>,
    /// The timeouts that the kernel has; zero means that none is set.
    receive: Duration,
    send: Duration,
}

impl AsFd for BlockingStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Whether somebody listens on the socket at `path`. Blocks while its queue is full, for at most a
/// second.
///
/// # Errors
/// The system's error, if that cannot be found out.
pub fn is_listening(path: &Path) -> io::Result<bool> {
    match BlockingStream::connect(path, Duration::from_secs(1)) {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(false),
            io::ErrorKind::TimedOut => Ok(true),
            _ => Err(error),
        },
    }
}

impl BlockingStream {
    /// Connects to the socket at `path`. Waits at most `within` while its queue is full.
    ///
    /// # Errors
    /// As [`connect`](crate::transport::connect).
    pub fn connect(path: &Path, within: Duration) -> io::Result<Self> {
        check_path(path)?;
        let address = SocketAddrUnix::new(path)?;
        let socket = new_blocking_socket()?;
        // For a Unix socket the kernel waits in `connect` for as long as in `send`.
        set_socket_timeout(&socket, Timeout::Send, Some(within.max(TOLERANCE)))?;
        loop {
            match rustix::net::connect(&socket, &address) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let text = format!("the socket took no connection within {within:?}");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                Err(error) => return Err(explain_connect(path, error.into())),
            }
        }
        let socket = Arc::new(UnixStream::from(socket));
        Ok(Self { socket, receive: Duration::ZERO, send: within.max(TOLERANCE) })
    }

    /// Asks the kernel for the credentials of the peer.
    ///
    /// # Errors
    /// The system's error.
    pub fn peer(&self) -> io::Result<Peer> {
        peer_of(self.socket.as_fd())
    }

    /// True if the peer closed the connection or sent bytes that have not been read. Never
    /// blocks.
    pub fn is_stale(&self) -> bool {
        let peek = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let mut byte = [0; 1];
        !matches!(rustix::net::recv(&self.socket, &mut byte, peek), Err(Errno::AGAIN))
    }

    /// Reads bytes, and waits for the first until the deadline. Appends them to `target` without
    /// growing it. Returns their number; zero is the end of the stream.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline, or another error of the system.
    pub fn read(&mut self, target: &mut Vec<u8>, deadline: Instant) -> io::Result<usize> {
        self.read_some(target, usize::MAX, deadline)
    }

    /// Reads as [`BlockingStream::read`] does, but at most `limit` bytes.
    ///
    /// # Errors
    /// As [`BlockingStream::read`].
    pub fn read_some(
        &mut self,
        target: &mut Vec<u8>,
        limit: usize,
        deadline: Instant,
    ) -> io::Result<usize> {
        loop {
            let left = left_until(deadline)?;
            if self.receive.abs_diff(left) > TOLERANCE {
                self.socket.set_read_timeout(Some(left))?;
                self.receive = left;
            }
            match recv_into(&self.socket, target, limit, RecvFlags::empty()) {
                Err(error) if is_to_be_retried(error) => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Writes as much of the parts as one system call can, and waits until the deadline while there
    /// is no room. Returns the number of bytes.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline, or another error of the system. Then
    /// nothing was written.
    pub fn write(&mut self, parts: &[IoSlice<'_>], deadline: Instant) -> io::Result<usize> {
        loop {
            let left = left_until(deadline)?;
            if self.send.abs_diff(left) > TOLERANCE {
                self.socket.set_write_timeout(Some(left))?;
                self.send = left;
            }
            match send(&*self.socket, parts, NO_SIGNAL) {
                Err(error) if is_to_be_retried(error) => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Writes as [`BlockingStream::write`] does, unless there is something to read: then it writes
    /// nothing and returns `None`. It looks for that if `looks` says so, and whenever it waits for room.
    ///
    /// # Errors
    /// As [`BlockingStream::write`].
    pub fn write_unless_news(
        &self,
        parts: &[IoSlice<'_>],
        deadline: Instant,
        looks: bool,
    ) -> io::Result<Option<usize>> {
        if looks && self.has_news(PollFlags::IN, Duration::ZERO)? {
            return Ok(None);
        }
        loop {
            match send(&*self.socket, parts, NO_SIGNAL | SendFlags::DONTWAIT) {
                Err(error) if is_to_be_retried(error) => {}
                outcome => return Ok(Some(outcome?)),
            }
            // Not before the first attempt: to the kernel there is room only once most of it is free, so
            // a writer that waits for that first and the reader take turns.
            if self.has_news(PollFlags::IN | PollFlags::OUT, left_until(deadline)?)? {
                return Ok(None);
            }
        }
    }

    /// Waits for one of these, or for this long, and returns whether there is something to read.
    fn has_news(&self, awaited: PollFlags, within: Duration) -> io::Result<bool> {
        let mut ends = [PollFd::new(&self.socket, awaited)];
        match poll(&mut ends, Timespec::try_from(within).ok().as_ref()) {
            Ok(_) => Ok(ends[0].revents().intersects(PollFlags::IN | PollFlags::HUP)),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A handle that ends this connection from another thread.
    pub fn shutdown_handle(&self) -> ShutdownHandle {
        ShutdownHandle::new(&self.socket)
    }
}

fn left_until(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Whether the call was interrupted, or ended by the kernel's timeout ("would block"). Then the clock
/// decides whether the deadline has passed.
fn is_to_be_retried(error: Errno) -> bool {
    matches!(error, Errno::INTR | Errno::AGAIN)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::transport::unix::socket::leave_stale_socket;

    const SOON: Duration = Duration::from_secs(10);

    fn pair() -> (BlockingStream, UnixStream) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let stream = BlockingStream::connect(&path, SOON).unwrap();
        (stream, listener.accept().unwrap().0)
    }

    #[test]
    fn connect_errors_have_the_texts_of_the_async_connect() {
        let temp = tempfile::tempdir().unwrap();
        let (missing, file) = (temp.path().join("m"), temp.path().join("f"));
        let stale = temp.path().join("s");
        std::fs::write(&file, "").unwrap();
        leave_stale_socket(&stale);
        for (path, text) in [
            (missing, "there is no such socket"),
            (file, "the file is not a socket"),
            (stale, "nobody listens on the socket"),
        ] {
            let error = BlockingStream::connect(&path, SOON).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_queue_that_stays_full_ends_at_the_deadline() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let mut queued = Vec::new();
        let error = loop {
            match BlockingStream::connect(&path, Duration::from_millis(20)) {
                Ok(stream) => queued.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "the socket took no connection within 20ms");
    }

    #[test]
    fn a_write_looks_for_news_when_it_is_told_to_and_when_there_is_no_room() {
        let (stream, mut other) = pair();
        let piece = vec![0; 1 << 16];
        let write = |looks| {
            stream.write_unless_news(&[IoSlice::new(&piece)], Instant::now() + SOON, looks).unwrap()
        };
        assert!(write(true).is_some());
        other.write_all(b"x").unwrap();
        assert!(write(true).is_none());
        // Nobody reads, so there soon is no room.
        let mut written = 0;
        while let Some(count) = write(false) {
            written += count;
        }
        assert!(written > 0);
    }

    #[test]
    fn a_write_without_a_reader_and_without_news_ends_at_its_deadline() {
        let (stream, _other) = pair();
        let deadline = Instant::now() + Duration::from_millis(50);
        let piece = vec![0; 1 << 20];
        let error = loop {
            match stream.write_unless_news(&[IoSlice::new(&piece)], deadline, false) {
                Ok(written) => assert!(written.is_some()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_connection_is_stale_once_bytes_arrive_or_it_is_closed() {
        let (stream, mut other) = pair();
        assert!(!stream.is_stale());
        other.write_all(b"x").unwrap();
        assert!(stream.is_stale());
        let (stream, other) = pair();
        drop(other);
        assert!(stream.is_stale());
    }
}
