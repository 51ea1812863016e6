//! The numbers of the descriptors that a process is given.

use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use crate::protocol::wire;

/// The descriptor number of the child's lifeline.
pub(in crate::transport::unix) const LIFELINE_FD: RawFd = wire::LISTEN_FD + 1;

/// The first descriptor number that is not passed.
pub(in crate::transport::unix) const FIRST_FREE: RawFd = LIFELINE_FD + 1;

/// A copy of a descriptor whose number is not among those passed.
pub(in crate::transport::unix) fn above_passed(fd: impl AsFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, FIRST_FREE)?)
}
