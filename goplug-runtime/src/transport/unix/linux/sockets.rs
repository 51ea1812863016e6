//! Sockets, which Linux makes, accepts and binds with the right properties in one step.

use std::io;
#[cfg(any(feature = "host", feature = "plugin"))]
use std::os::fd::BorrowedFd;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType};

use crate::transport::unix::refusal::name_refusal;

/// The longest path of a socket, in bytes: `sun_path` of unix(7) without its final NUL.
pub const MAX_PATH: usize = 107;

/// Keeps a send to a peer that is gone from raising SIGPIPE.
pub(in crate::transport::unix) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// The interest with which the runtime tells of the end of a connection, and not of bytes that have come.
#[cfg(feature = "plugin")]
pub(in crate::transport::unix) const END: tokio::io::Interest = tokio::io::Interest::PRIORITY;

/// A new stream socket that is non-blocking and closed on exec.
pub(in crate::transport::unix) fn new_socket() -> io::Result<OwnedFd> {
    with_flags(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
}

/// A new stream socket that blocks and is closed on exec.
#[cfg(feature = "host")]
pub(in crate::transport::unix) fn new_blocking_socket() -> io::Result<OwnedFd> {
    with_flags(SocketFlags::CLOEXEC)
}

fn with_flags(flags: SocketFlags) -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}

/// Accepts a connection, which blocks and is closed on exec.
#[cfg(feature = "host")]
pub(in crate::transport::unix) fn accept(listener: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(rustix::net::accept_with(listener, SocketFlags::CLOEXEC)?)
}

/// Prepares a socket that was accepted elsewhere.
#[expect(clippy::unnecessary_wraps, reason = "it may fail on other systems")]
pub(in crate::transport::unix) fn prepare_accepted(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// Binds a socket to a file of mode 0600, private from its first moment: the file gets the mode of the
/// socket.
pub(in crate::transport::unix) fn bind_private(socket: &OwnedFd, path: &Path) -> io::Result<()> {
    let private = rustix::fs::fchmod(socket, Mode::RUSR | Mode::WUSR);
    private.map_err(|errno| name_refusal("fchmod", errno.into()))?;
    Ok(rustix::net::bind(socket, &SocketAddrUnix::new(path)?)?)
}

/// Whether the descriptor is a Unix stream socket that listens.
///
/// # Errors
/// The system's error, if it is no socket.
#[cfg(any(feature = "host", feature = "plugin"))]
pub(in crate::transport::unix) fn is_listener(fd: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    use rustix::net::sockopt;
    Ok(sockopt::socket_acceptconn(fd)?
        && sockopt::socket_domain(fd)? == AddressFamily::UNIX
        && sockopt::socket_type(fd)? == SocketType::STREAM)
}
