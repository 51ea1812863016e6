//! What only `getsockopt` tells of a socket.

// No safe crate offers these options.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Whether a socket listens.
///
/// # Errors
/// The system's error.
pub(super) fn accepts_connections(socket: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    Ok(number(socket, libc::SOL_SOCKET, libc::SO_ACCEPTCONN)? != 0)
}

/// The process at the other end of a socket.
///
/// # Errors
/// The system's error.
#[cfg(feature = "host")]
pub(super) fn peer_process(socket: BorrowedFd<'_>) -> rustix::io::Result<i32> {
    number(socket, libc::SOL_LOCAL, libc::LOCAL_PEERPID)
}

/// The effective user and group at the other end of a socket, at the time when it connected or began to
/// listen.
///
/// # Errors
/// The system's error.
#[cfg(feature = "host")]
pub(super) fn peer_user(socket: BorrowedFd<'_>) -> rustix::io::Result<(u32, u32)> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: the descriptor is open, and both pointers are to values of ours.
    let outcome = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut user, &raw mut group) };
    if outcome == 0 { Ok((user, group)) } else { Err(last_error()) }
}

fn number(socket: BorrowedFd<'_>, level: i32, option: i32) -> rustix::io::Result<i32> {
    let mut value = MaybeUninit::<libc::c_int>::zeroed();
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open, and both pointers are to values of ours, of the type and length
    // that these options write.
    let outcome = unsafe {
        let value = value.as_mut_ptr().cast();
        libc::getsockopt(socket.as_raw_fd(), level, option, value, &raw mut length)
    };
    // SAFETY: zero is a valid number, and nothing but a number is written.
    if outcome == 0 { Ok(unsafe { value.assume_init() }) } else { Err(last_error()) }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}
