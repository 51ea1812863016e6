//! A connection for callers without a runtime: each call blocks, at most until a deadline.

use std::io::{self, IoSlice};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::ShutdownHandle;
use crate::transport::windows::connect::{Attempt, Waiting};
use crate::transport::windows::parked_pipe::{ParkedPipe, runtime};
use crate::transport::windows::pipe::Pipe;
use crate::transport::{Peer, check_path, has_listener};

/// A connection between a host and a plugin whose reads and writes block.
#[derive(Debug)]
pub struct BlockingStream(ParkedPipe);

/// Whether somebody listens on the socket at `path`.
///
/// # Errors
/// The system's error, if that cannot be found out.
pub fn is_listening(path: &Path) -> io::Result<bool> {
    has_listener(path)
}

impl BlockingStream {
    /// Connects to the socket at `path`. Waits at most `within` while all instances of the pipe are
    /// taken, or until a plugin has made it that this process starts.
    ///
    /// # Errors
    /// As [`connect`](crate::transport::connect).
    pub fn connect(path: &Path, within: Duration) -> io::Result<Self> {
        check_path(path)?;
        let runtime = runtime()?;
        let _context = runtime.enter();
        let mut waiting = Waiting::begin(within);
        loop {
            match Attempt::at(path)? {
                Attempt::Connected(pipe) => {
                    return Ok(Self(ParkedPipe::new(Pipe::connected(pipe))));
                }
                Attempt::Busy | Attempt::Awaited => thread::sleep(waiting.pause()?),
            }
        }
    }

    /// Asks the system who serves the pipe.
    ///
    /// # Errors
    /// The system's error.
    pub fn peer(&self) -> io::Result<Peer> {
        self.0.pipe().peer()
    }

    /// True if the peer closed the connection or sent bytes that have not been read. Never
    /// blocks.
    pub fn is_stale(&self) -> bool {
        self.0.has_news()
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
        let room = limit.min(target.capacity() - target.len());
        self.0.read(target, room, deadline)
    }

    /// Writes as much of the parts as the system takes at once, and waits until the deadline while there
    /// is no room. Returns the number of bytes.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline, or another error of the system. Then
    /// nothing was written.
    pub fn write(&mut self, parts: &[IoSlice<'_>], deadline: Instant) -> io::Result<usize> {
        self.0.write(parts, deadline)
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
        if looks && self.0.has_news() {
            return Ok(None);
        }
        self.0.write_until_news(parts, deadline)
    }

    /// A handle that ends this connection from another thread.
    pub fn shutdown_handle(&self) -> ShutdownHandle {
        ShutdownHandle::new(self.0.pipe())
    }
}

#[cfg(test)]
mod tests;
