//! The sockets of plugins: named pipes.

// Who serves a pipe is asked of its raw handle.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer};
use tokio::time::{sleep, timeout};
use windows_sys::Win32::Foundation::{ERROR_PIPE_BUSY, ERROR_PIPE_NOT_CONNECTED};
use windows_sys::Win32::Storage::FileSystem::SECURITY_IDENTIFICATION;
use windows_sys::Win32::System::Pipes::GetNamedPipeServerProcessId;

use super::handle::check;
use super::not_here;
use crate::system::Server;

/// How the name of every pipe of this machine begins.
const PIPES: &str = r"\\.\pipe\";

/// How long all instances of a pipe may be taken.
const BUSY: Duration = Duration::from_secs(10);

/// The pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(5);

/// Whether a path is the name of a pipe. It says nothing about whether there is one.
pub(crate) fn is_socket(path: &Path) -> bool {
    let text = path.as_os_str().to_string_lossy();
    text.get(..PIPES.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(PIPES))
}

/// A connection to a socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Client(NamedPipeClient),
    Server(NamedPipeServer),
}

impl Socket {
    /// Reads what is there, or fails as [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self {
            Self::Client(pipe) => pipe.try_read(buffer),
            Self::Server(pipe) => pipe.try_read(buffer),
        };
        if read.as_ref().is_err_and(is_end) { Ok(0) } else { read }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = match self.get_mut() {
            Self::Client(pipe) => Pin::new(pipe).poll_read(context, buffer),
            Self::Server(pipe) => Pin::new(pipe).poll_read(context, buffer),
        };
        read.map(|read| read.or_else(|error| if is_end(&error) { Ok(()) } else { Err(error) }))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Client(pipe) => Pin::new(pipe).poll_write(context, buffer),
            Self::Server(pipe) => Pin::new(pipe).poll_write(context, buffer),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Client(pipe) => Pin::new(pipe).poll_flush(context),
            Self::Server(pipe) => Pin::new(pipe).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(not_here("a pipe is closed in both directions at once")))
    }
}

/// Whether this is how a server ends a connection on which it has read nothing since its last response. What it has
/// written was read before.
fn is_end(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_PIPE_NOT_CONNECTED.cast_signed())
}

/// Connects to a socket. Waits a while if all instances of the pipe are taken.
pub(crate) async fn connect(socket: &Path) -> io::Result<Socket> {
    let attempts = async {
        loop {
            match ClientOptions::new().open(socket) {
                Err(error) if is_busy(&error) => sleep(PAUSE).await,
                connected => return connected.map(Socket::Client),
            }
        }
    };
    timeout(BUSY, attempts).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed())
}

/// Who listens on a socket. `None` if nobody does.
pub(crate) async fn server(socket: &Path) -> Option<Server> {
    let Socket::Client(pipe) = connect(socket).await.ok()? else { return None };
    Some(Server { pid: served_by(&pipe).ok() })
}

/// The process that listens on a socket. Blocks for a moment if all instances of the pipe are taken.
pub(super) fn server_process(socket: &Path) -> io::Result<u32> {
    if !is_socket(socket) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let until = Instant::now() + PAUSE;
    let mut options = OpenOptions::new();
    options.read(true).write(true).security_qos_flags(SECURITY_IDENTIFICATION);
    loop {
        match options.open(socket) {
            Err(error) if is_busy(&error) && Instant::now() < until => std::thread::yield_now(),
            opened => return served_by(&opened?),
        }
    }
}

fn served_by(pipe: &impl AsRawHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is open, and the pointer is to a value of ours.
    check(unsafe { GetNamedPipeServerProcessId(pipe.as_raw_handle(), &raw mut pid) })?;
    Ok(pid)
}
