//! A connection for callers without a runtime: each call blocks, until a deadline.
//!
//! The kernel keeps the deadline (`SO_RCVTIMEO`, `SO_SNDTIMEO`). It takes a duration, and
//! setting one is a system call; so one that is right to a millisecond is left as it is, and
//! a call that wakes too early looks at the clock and waits on.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};

use super::connect::explain;
use super::credentials::peer_of;
use super::stream::send;
use super::{HangUp, Peer, check_path};

/// By how much a deadline may be missed where that saves a system call.
const SLACK: Duration = Duration::from_millis(1);

/// A connection between a host and a plugin whose reads and writes block.
#[derive(Debug)]
pub struct BlockingStream {
    socket: Arc<UnixStream>,
    /// The timeouts that the kernel has; none where they are zero.
    receive: Duration,
    send: Duration,
}

impl AsFd for BlockingStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl BlockingStream {
    /// Connects to the socket at `path`, and waits for so long while its queue is full.
    ///
    /// # Errors
    /// As [`connect`](super::connect).
    pub fn connect(path: &Path, within: Duration) -> io::Result<Self> {
        check_path(path)?;
        let address = SocketAddrUnix::new(path)?;
        let socket = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        // For a Unix socket the kernel waits in `connect` for as long as in `send`.
        set_socket_timeout(&socket, Timeout::Send, Some(within.max(SLACK)))?;
        loop {
            match rustix::net::connect(&socket, &address) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let text = format!("the socket took no connection within {within:?}");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                Err(error) => return Err(explain(path, error.into())),
            }
        }
        let socket = Arc::new(UnixStream::from(socket));
        Ok(Self { socket, receive: Duration::ZERO, send: within.max(SLACK) })
    }

    /// Asks the kernel who is at the other end.
    ///
    /// # Errors
    /// What the system says.
    pub fn peer(&self) -> io::Result<Peer> {
        peer_of(self.socket.as_fd())
    }

    /// Whether the other end has neither closed the connection nor sent anything. Never
    /// blocks.
    pub fn is_quiet(&self) -> bool {
        let glance = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let mut byte = [0; 1];
        matches!(rustix::net::recv(&self.socket, &mut byte, glance), Err(Errno::AGAIN))
    }

    /// Reads what there is, and waits for something until the deadline; appends it as far as
    /// the capacity reaches. Zero is the end.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline, and what else the system says.
    pub fn read(&mut self, target: &mut Vec<u8>, deadline: Instant) -> io::Result<usize> {
        loop {
            let left = left_until(deadline)?;
            if self.receive.abs_diff(left) > SLACK {
                self.socket.set_read_timeout(Some(left))?;
                self.receive = left;
            }
            let space = spare_capacity(target);
            match rustix::net::recv(&self.socket, space, RecvFlags::empty()) {
                Err(error) if is_to_be_tried_again(error) => {}
                outcome => return Ok(outcome?.0),
            }
        }
    }

    /// Writes as much of these parts as it can in one go, and waits until the deadline where
    /// that is nothing.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline, and what else the system says;
    /// then nothing was written.
    pub fn write(&mut self, parts: &[IoSlice<'_>], deadline: Instant) -> io::Result<usize> {
        loop {
            let left = left_until(deadline)?;
            if self.send.abs_diff(left) > SLACK {
                self.socket.set_write_timeout(Some(left))?;
                self.send = left;
            }
            match send(&*self.socket, parts, SendFlags::NOSIGNAL) {
                Err(error) if is_to_be_tried_again(error) => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// What ends this connection from another thread.
    pub fn hang_up(&self) -> HangUp {
        HangUp::of(&self.socket)
    }
}

fn left_until(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The kernel's own timeout shows as "would block"; whether it is the deadline, the clock
/// tells.
fn is_to_be_tried_again(error: Errno) -> bool {
    matches!(error, Errno::INTR | Errno::AGAIN)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;
    use crate::transport::socket::leave_stale_socket;

    const SOON: Duration = Duration::from_secs(10);

    fn pair() -> (BlockingStream, UnixStream) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let stream = BlockingStream::connect(&path, SOON).unwrap();
        (stream, listener.accept().unwrap().0)
    }

    #[test]
    fn why_there_is_no_connection_is_told_as_to_callers_with_a_runtime() {
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
    fn the_other_end_is_known() {
        let (stream, _other) = pair();
        assert!(stream.peer().unwrap().is_trusted());
    }

    #[test]
    fn a_read_ends_at_its_deadline_whatever_the_one_before_was() {
        let (mut stream, _other) = pair();
        for millis in [5, 60, 20] {
            let (began, granted) = (Instant::now(), Duration::from_millis(millis));
            let error = stream.read(&mut Vec::with_capacity(8), began + granted).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert!(began.elapsed() >= granted, "{:?}", began.elapsed());
        }
    }

    #[test]
    fn a_write_that_nobody_reads_ends_at_its_deadline() {
        let (mut stream, _other) = pair();
        let deadline = Instant::now() + Duration::from_millis(50);
        let piece = vec![0; 1 << 20];
        let error = loop {
            if let Err(error) = stream.write(&[IoSlice::new(&piece)], deadline) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_connection_is_quiet_until_something_comes_or_it_is_closed() {
        let (stream, mut other) = pair();
        assert!(stream.is_quiet());
        other.write_all(b"x").unwrap();
        assert!(!stream.is_quiet());
        let (stream, other) = pair();
        drop(other);
        assert!(!stream.is_quiet());
    }

    #[test]
    fn hanging_up_wakes_whoever_reads() {
        let (mut stream, _other) = pair();
        let hang_up = stream.hang_up();
        let mut target = Vec::with_capacity(8);
        let reader = thread::spawn(move || stream.read(&mut target, Instant::now() + SOON));
        hang_up.now();
        assert_eq!(reader.join().unwrap().unwrap(), 0);
        assert!(hang_up.is_closed());
    }
}
