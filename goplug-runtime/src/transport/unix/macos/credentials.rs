//! The credentials of a socket's peer, without tokio.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::options::{peer_process, peer_user};
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
    let (uid, gid) = peer_user(socket)?;
    let pid = peer_process(socket).ok().filter(|pid| *pid > 0);
    Ok(Peer { uid, gid, pid })
}
