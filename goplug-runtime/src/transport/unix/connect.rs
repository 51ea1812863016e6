//! Connecting, with the reason when it fails.
//!
//! The kernel says "connection refused" both for a socket that nobody serves and
//! for a file that never was one, and "would block" for a queue that is full for
//! the moment. The three mean different things to the reader of the error.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use tokio::time::Instant;

use super::check_path;
use super::stream::Stream;
use super::system::new_socket;

/// The first pause before another attempt at a socket whose queue is full.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

/// The longest pause: it doubles with each attempt.
const QUEUE_FULL_PAUSE_MAX: Duration = Duration::from_millis(80);

/// Connects to the socket at `path`, within this time. Waits while the queue of the socket is full.
/// Needs a runtime with I/O and time. Dropping the future closes the socket.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound) if there is no such file,
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is not a socket or [`check_path`] refuses the
/// path, [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody listens,
/// [`TimedOut`](io::ErrorKind::TimedOut) after this time, or another error of the system.
pub async fn connect(path: &Path, within: Duration) -> io::Result<Stream> {
    check_path(path)?;
    let deadline = Instant::now() + within;
    let mut pause = QUEUE_FULL_PAUSE;
    let address = SocketAddrUnix::new(path)?;
    let socket = new_socket()?;
    loop {
        // A Unix socket is connected at once or not at all.
        match rustix::net::connect(&socket, &address) {
            Ok(()) => return Stream::connected(socket),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    let text = format!("the socket took no connection within {within:?}");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                tokio::time::sleep(pause.min(left)).await;
                pause = (pause * 2).min(QUEUE_FULL_PAUSE_MAX);
            }
            Err(error) => return Err(explain_connect(path, error.into())),
        }
    }
}

/// Replaces the system's error for this path by an error with a text for people.
pub(super) fn explain_connect(path: &Path, error: io::Error) -> io::Error {
    let text = match error.kind() {
        io::ErrorKind::NotFound => "there is no such socket",
        io::ErrorKind::ConnectionRefused => {
            let is_socket = |file: std::fs::Metadata| file.file_type().is_socket();
            if std::fs::metadata(path).is_ok_and(|file| !is_socket(file)) {
                return io::Error::new(io::ErrorKind::InvalidInput, "the file is not a socket");
            }
            "nobody listens on the socket"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::task::{Context, Waker};

    use super::*;
    use crate::transport::unix::socket::leave_stale_socket;

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_missing_socket_is_reported_as_missing() {
        let temp = tempfile::tempdir().unwrap();
        let error = connect(&temp.path().join("s"), SOON).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(error.to_string(), "there is no such socket");
    }

    #[tokio::test]
    async fn a_file_or_folder_is_reported_as_not_a_socket() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("f");
        std::fs::write(&file, "").unwrap();
        for path in [file.as_path(), temp.path()] {
            let error = connect(path, SOON).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), "the file is not a socket");
        }
    }

    #[tokio::test]
    async fn a_stale_socket_is_reported_as_without_a_listener() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        leave_stale_socket(&path);
        let error = connect(&path, SOON).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(error.to_string(), "nobody listens on the socket");
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_stays_full_ends_at_the_deadline() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let mut queued = Vec::new();
        let error = loop {
            match connect(&path, SOON).await {
                Ok(stream) => queued.push(stream),
                Err(error) => break error,
            }
        };
        assert!(!queued.is_empty());
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "the socket took no connection within 10s");
    }

    #[tokio::test]
    async fn a_full_queue_is_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let _first = connect(&path, SOON).await.unwrap();

        let mut second = std::pin::pin!(connect(&path, SOON));
        let mut unheard = Context::from_waker(Waker::noop());
        assert!(second.as_mut().poll(&mut unheard).is_pending());
        let _accepted = listener.accept().unwrap();

        assert!(second.await.is_ok());
    }
}
