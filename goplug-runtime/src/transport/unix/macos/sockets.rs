//! Sockets, which macOS makes in several steps.

use std::io;
#[cfg(any(feature = "host", feature = "plugin"))]
use std::os::fd::BorrowedFd;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::Mode;
use rustix::io::FdFlags;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketType};

/// The longest path of a socket, in bytes: `sun_path` of unix(4) without its final NUL.
pub const MAX_PATH: usize = 103;

/// No flag: each socket is told once that it raises no SIGPIPE.
pub(in crate::transport::unix) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// The interest with which the runtime tells of the end of a connection, and of bytes that have come.
#[cfg(feature = "plugin")]
pub(in crate::transport::unix) const END: tokio::io::Interest = tokio::io::Interest::READABLE;

/// A new stream socket that is non-blocking and closed on exec.
pub(in crate::transport::unix) fn new_socket() -> io::Result<OwnedFd> {
    let socket = new_blocking_socket()?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// A new stream socket that blocks and is closed on exec. A process that is forked before the flag is set
/// inherits the socket, unless it is a plugin's.
pub(in crate::transport::unix) fn new_blocking_socket() -> io::Result<OwnedFd> {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    prepare_accepted(&socket)?;
    Ok(socket)
}

/// Accepts a connection, which blocks and is closed on exec.
#[cfg(feature = "host")]
pub(in crate::transport::unix) fn accept(listener: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let socket = rustix::net::accept(listener)?;
    rustix::io::ioctl_fionbio(&socket, false)?;
    prepare_accepted(&socket)?;
    Ok(socket)
}

/// Prepares a socket that was accepted elsewhere.
pub(in crate::transport::unix) fn prepare_accepted(socket: &OwnedFd) -> io::Result<()> {
    rustix::io::fcntl_setfd(socket, FdFlags::CLOEXEC)?;
    Ok(rustix::net::sockopt::set_socket_nosigpipe(socket, true)?)
}

/// Binds a socket to a file of mode 0600. For a moment the file has the mode that the process's umask
/// leaves; its folder keeps others out.
pub(in crate::transport::unix) fn bind_private(socket: &OwnedFd, path: &Path) -> io::Result<()> {
    rustix::net::bind(socket, &SocketAddrUnix::new(path)?)?;
    Ok(rustix::fs::chmod(path, Mode::RUSR | Mode::WUSR)?)
}

/// Whether the descriptor is a Unix stream socket that listens.
///
/// # Errors
/// The system's error, if it is no socket.
#[cfg(any(feature = "host", feature = "plugin"))]
pub(in crate::transport::unix) fn is_listener(fd: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    use rustix::net::sockopt;
    let address = rustix::net::getsockname(fd)?;
    Ok(address.address_family() == AddressFamily::UNIX
        && sockopt::socket_type(fd)? == SocketType::STREAM
        && super::options::accepts_connections(fd)?)
}
