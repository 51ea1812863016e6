//! Connecting, with the reason when it fails.
//!
//! Windows has no queue of connections: a client finds an instance of the pipe that waits for it, or
//! none. So a client waits by trying again, while all instances are taken, and as long as a plugin that
//! this process starts is expected to make the pipe.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY};

use super::pipe_name::{is_awaited, note_made};
use super::{Stream, check_path};

/// The first pause before another attempt.
const PAUSE: Duration = Duration::from_millis(1);

/// The longest pause: it doubles with each attempt.
const PAUSE_MAX: Duration = Duration::from_millis(20);

/// Connects to the socket at `path`, within this time. Waits while all instances of the pipe are taken.
/// If [`PassedListener`](super::PassedListener) has the path for a process that has not made the pipe
/// yet, waits for that however long it takes. Needs a runtime with I/O and time. Dropping the future
/// closes the socket.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound) if there is no such pipe,
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if [`check_path`] refuses the path,
/// [`TimedOut`](io::ErrorKind::TimedOut) after this time, or another error of the system.
pub async fn connect(path: &Path, within: Duration) -> io::Result<Stream> {
    check_path(path)?;
    let mut waiting = Waiting::begin(within);
    loop {
        match Attempt::at(path)? {
            Attempt::Connected(pipe) => return Ok(Stream::connected(pipe)),
            Attempt::Busy => tokio::time::sleep(waiting.pause()?).await,
            Attempt::Awaited => tokio::time::sleep(waiting.pause_without_end()).await,
        }
    }
}

/// What came of one attempt to connect.
pub(super) enum Attempt {
    Connected(NamedPipeClient),
    /// All instances of the pipe are taken.
    Busy,
    /// There is no such pipe yet.
    Awaited,
}

impl Attempt {
    /// Tries to connect. Needs a runtime with I/O.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) if there is no such pipe and none is awaited, or the
    /// system's error.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        // Asked before the attempt: the plugin may make the pipe between the two.
        let is_awaited = is_awaited(path);
        // tokio tells Windows that the server may identify this process, but not act as it.
        match ClientOptions::new().open(path) {
            Ok(pipe) => {
                if is_awaited {
                    note_made(path);
                }
                Ok(Self::Connected(pipe))
            }
            Err(error) => match error.raw_os_error().map(i32::cast_unsigned) {
                Some(ERROR_PIPE_BUSY) => Ok(Self::Busy),
                Some(ERROR_FILE_NOT_FOUND) if is_awaited => Ok(Self::Awaited),
                Some(ERROR_FILE_NOT_FOUND) => {
                    Err(io::Error::new(io::ErrorKind::NotFound, "there is no such socket"))
                }
                _ => Err(error),
            },
        }
    }
}

/// The pauses of an attempt to connect.
pub(super) struct Waiting {
    within: Duration,
    deadline: Instant,
    next: Duration,
}

impl Waiting {
    pub(super) fn begin(within: Duration) -> Self {
        Self { within, deadline: Instant::now() + within, next: PAUSE }
    }

    /// How long to wait until the next attempt.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline.
    pub(super) fn pause(&mut self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let text = format!("the socket took no connection within {:?}", self.within);
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        Ok(self.pause_without_end().min(left))
    }

    /// As [`pause`](Self::pause), without a deadline.
    pub(super) fn pause_without_end(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(PAUSE_MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::socket_path;
    use crate::transport::windows::listen::Listener;

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_missing_socket_is_reported_as_missing() {
        let error = connect(&socket_path(Path::new(""), ""), SOON).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(error.to_string(), "there is no such socket");
    }

    #[tokio::test]
    async fn a_pipe_that_stays_busy_ends_at_the_deadline() {
        let path = socket_path(Path::new(""), "");
        let _listener = Listener::of_one_instance(&path, false).unwrap();
        let _first = connect(&path, SOON).await.unwrap();
        let error = connect(&path, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "the socket took no connection within 20ms");
    }

    #[tokio::test]
    async fn a_busy_pipe_is_waited_for() {
        let path = socket_path(Path::new(""), "");
        let listener = Listener::of_one_instance(&path, false).unwrap();
        let _first = connect(&path, SOON).await.unwrap();
        let accept = async { (listener.accept().await, listener.accept().await) };
        let second = async {
            tokio::task::yield_now().await;
            connect(&path, SOON).await
        };
        let (second, (first, accepted)) = tokio::join!(second, accept);
        assert!(second.is_ok() && first.is_ok() && accepted.is_ok());
    }
}
