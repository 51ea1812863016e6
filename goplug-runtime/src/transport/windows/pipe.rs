//! A connected pipe, whichever end of it this is.
//!
//! tokio keeps one read and one write of each pipe with the system, and copies: a write is accepted at
//! once, and is complete when the pipe has room for all of it or the peer has read it. A write that is
//! accepted and not complete is lost if the process ends.

use std::io::{self, ErrorKind, IoSlice};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use bytes::BufMut;
use tokio::io::Interest;
use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED,
};

#[cfg(feature = "host")]
use super::Peer;
use super::pipe_calls;

/// How many bytes are given to the system at once. tokio copies them, and they are complete only together.
const MAX_WRITE: usize = 32 << 10;

/// A pipe that is registered with the runtime.
#[derive(Debug)]
pub(super) struct Pipe {
    end: End,
    /// Whether a [`ShutdownHandle`](super::ShutdownHandle) has ended it.
    is_shut: AtomicBool,
    /// Whether its reader has read up to that end.
    has_ended: AtomicBool,
}

#[derive(Debug)]
enum End {
    /// The end that has connected.
    Client(NamedPipeClient),
    /// The end that was accepted.
    Server(NamedPipeServer),
}

/// Calls the method of the end's type; both types have it.
macro_rules! of_end {
    ($pipe:expr, $end:ident => $call:expr) => {
        match &$pipe.end {
            End::Client($end) => $call,
            End::Server($end) => $call,
        }
    };
}

impl Pipe {
    pub(super) fn connected(pipe: NamedPipeClient) -> Self {
        Self::new(End::Client(pipe))
    }

    pub(super) fn accepted(pipe: NamedPipeServer) -> Self {
        Self::new(End::Server(pipe))
    }

    fn new(end: End) -> Self {
        Self { end, is_shut: AtomicBool::new(false), has_ended: AtomicBool::new(false) }
    }

    /// Two connected ends: the one that has connected, and the one that was accepted. Needs a runtime with
    /// I/O.
    #[cfg(test)]
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let path = super::socket_path(std::path::Path::new(""), "");
        let server = super::pipe_security::create_instance(&path, true)?;
        let client = tokio::net::windows::named_pipe::ClientOptions::new().open(&path)?;
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let connected = std::pin::pin!(server.connect()).poll(&mut cx);
        assert!(connected.is_ready(), "the client has connected already");
        Ok((Self::connected(client), Self::accepted(server)))
    }

    /// Asks the system who is at the other end.
    #[cfg(feature = "host")]
    pub(super) fn peer(&self) -> io::Result<Peer> {
        match &self.end {
            End::Client(_) => Peer::server_of(self.as_handle()),
            End::Server(_) => Peer::client_of(self.as_handle()),
        }
    }

    /// Whether the runtime knows of bytes or of the end, or is itself gone. Then there is an outcome of
    /// reading.
    pub(super) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_end!(self, end => end.poll_read_ready(cx))
    }

    /// Reads up to `room` bytes that have arrived, once there are some. Ready with their number; zero is
    /// the end. `target` must have that much room.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        target: &mut impl BufMut,
        room: usize,
    ) -> Poll<io::Result<usize>> {
        let mut target = target.limit(room);
        loop {
            if self.has_ended.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(0));
            }
            ready!(self.poll_read_ready(cx))?;
            match self.read_all(&mut target) {
                Ok(None) => {}
                Ok(Some(count)) => return Poll::Ready(Ok(count)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Reads all that has arrived and has room. `None` if nothing has, which the runtime notes.
    fn read_all(&self, target: &mut impl BufMut) -> io::Result<Option<usize>> {
        let mut total = 0;
        while target.has_remaining_mut() {
            // tokio reads a few kilobytes at once; only a read that finds nothing makes it wait.
            match of_end!(self, end => end.try_read_buf(target)) {
                Ok(0) => return Ok(Some(total)),
                Ok(count) => total += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.is_shut() {
                        // The read that has just begun came after what `shut` cancelled.
                        pipe_calls::cancel(self.as_handle());
                    }
                    return Ok((total > 0).then_some(total));
                }
                // The next read tells of the end or of the error again.
                Err(_) if total > 0 => break,
                Err(error) if has_code(&error, ERROR_BROKEN_PIPE) => return Ok(Some(0)),
                Err(error) if self.is_shut() && has_code(&error, ERROR_OPERATION_ABORTED) => {
                    self.has_ended.store(true, Ordering::Relaxed);
                    return Ok(Some(0));
                }
                Err(error) if has_code(&error, ERROR_PIPE_NOT_CONNECTED) => {
                    return Err(io::Error::new(ErrorKind::ConnectionReset, error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(total))
    }

    /// Whether this end was accepted, and the peer has sent something that was not read and waits for what
    /// comes of it.
    pub(super) fn has_left_unread(&self) -> bool {
        let mut byte = [0; 1];
        self.is_answering()
            && (matches!(self.read_all(&mut &mut byte[..]), Ok(Some(1..)))
                || pipe_calls::unread(self.as_handle()).is_ok_and(|count| count > 0))
    }

    /// Whether this end was accepted, and the peer has not closed the other.
    pub(super) fn is_answering(&self) -> bool {
        matches!(self.end, End::Server(_)) && !pipe_calls::is_closing(self.as_handle())
    }

    /// Gives as much of the parts to the system as it takes at once. Ready with the number of bytes,
    /// which may not be complete.
    pub(super) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut joined = Vec::new();
        let bytes = join(parts, &mut joined);
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if self.is_shut() {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            ready!(self.poll_complete(cx))?;
            let mut accepted = None;
            // tokio forgets at "would block" that the pipe was ready, and here so it does after each
            // write: it is ready again when that is complete.
            let outcome = of_end!(self, end => end.try_io(Interest::WRITABLE, || {
                accepted = Some(end.try_write(bytes)?);
                Err::<(), _>(ErrorKind::WouldBlock.into())
            }));
            match (accepted, outcome) {
                (Some(count), _) => return Poll::Ready(Ok(count)),
                (None, Err(error)) if error.kind() == ErrorKind::WouldBlock => {}
                (None, outcome) => {
                    return Poll::Ready(outcome.map(|()| 0).map_err(explain_write));
                }
            }
        }
    }

    /// Ready when no write is with the system any more, and so nothing is lost if the process ends.
    pub(super) fn poll_complete(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_end!(self, end => end.poll_write_ready(cx))
    }

    /// Whether a write is with the system for which the peer has had no room yet, as far as is known.
    pub(super) fn is_writing(&self) -> bool {
        self.poll_complete(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// Ends the connection: its reader reads what has arrived and then the end, and its writer gets an
    /// error.
    #[cfg(feature = "host")]
    pub(super) fn shut(&self) {
        self.is_shut.store(true, Ordering::SeqCst);
        pipe_calls::cancel(self.as_handle());
    }

    fn is_shut(&self) -> bool {
        self.is_shut.load(Ordering::SeqCst)
    }
}

impl Drop for Pipe {
    /// Gives up what the peer has had no room for. The runtime alone would keep the pipe open until it has.
    fn drop(&mut self) {
        if self.is_writing() {
            pipe_calls::cancel(self.as_handle());
        }
    }
}

impl AsHandle for Pipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        of_end!(self, end => end.as_handle())
    }
}

/// The first bytes of the parts, at most [`MAX_WRITE`]; copied to `joined` if they lie in several parts.
fn join<'a>(parts: &'a [IoSlice<'_>], joined: &'a mut Vec<u8>) -> &'a [u8] {
    let mut filled = parts.iter().filter(|part| !part.is_empty());
    let Some(first) = filled.next() else { return &[] };
    if first.len() >= MAX_WRITE {
        return &first[..MAX_WRITE];
    }
    let Some(second) = filled.next() else { return first };
    joined.extend_from_slice(first);
    for part in [second].into_iter().chain(filled) {
        let room = MAX_WRITE - joined.len();
        joined.extend_from_slice(&part[..part.len().min(room)]);
    }
    joined
}

fn has_code(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}

/// Windows has several errors for a peer that reads no more.
fn explain_write(error: io::Error) -> io::Error {
    let of_pipe =
        [ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED];
    if of_pipe.iter().any(|code| has_code(&error, *code)) {
        return io::Error::new(ErrorKind::BrokenPipe, error);
    }
    error
}
