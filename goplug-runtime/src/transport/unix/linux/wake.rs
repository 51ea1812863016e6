//! A descriptor by which any code, also a signal handler, wakes a thread that polls.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// An eventfd: readable once it was woken, and from then on.
#[derive(Clone, Debug)]
pub(in crate::transport::unix) struct Wake(Arc<OwnedFd>);

impl Wake {
    /// # Errors
    /// The system's error.
    pub(in crate::transport::unix) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// Makes one system call, and neither allocates nor locks nor panics.
    pub(in crate::transport::unix) fn wake(&self) {
        // It fails only after 2^64 wakes that were not read.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
