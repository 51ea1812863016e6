//! The credentials of a socket's peer, without tokio.
//!
//! The standard library does not offer them yet. rustix does, but requires that the process id is
//! not zero; the kernel answers zero for a process of another namespace.

// No safe crate covers SO_PEERCRED for every answer of the kernel.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::transport::unix::refusal::name_refusal;
use crate::transport::{Peer, Stream};

impl Stream {
    /// Asks the kernel for the credentials of the peer.
    ///
    /// # Errors
    /// The system's error.
    pub fn peer(&self) -> io::Result<Peer> {
        peer_of(self.as_fd())
    }
}

/// Asks the kernel for the credentials of a connected socket's peer.
pub(in crate::transport::unix) fn peer_of(socket: BorrowedFd<'_>) -> io::Result<Peer> {
    let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = libc::socklen_t::try_from(size_of_val(&credentials)).unwrap_or_default();
    // SAFETY: the descriptor is open for as long as it is borrowed, and both pointers are to
    // values of ours, of the type and length that SO_PEERCRED writes.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    if outcome != 0 {
        return Err(name_refusal("getsockopt(SO_PEERCRED)", io::Error::last_os_error()));
    }
    let libc::ucred { pid, uid, gid } = credentials;
    Ok(Peer { uid, gid, pid: Some(pid).filter(|pid| *pid > 0) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::transport::own_uid;

    #[test]
    fn the_peer_of_a_pair_is_this_process() {
        let (a, _b) = UnixStream::pair().unwrap();
        let peer = peer_of(a.as_fd()).unwrap();
        assert_eq!((peer.uid, peer.pid), (own_uid(), i32::try_from(std::process::id()).ok()));
    }

    #[test]
    fn a_file_has_no_peer() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(peer_of(file.as_fd()).is_err());
    }
}
