//! A descriptor by which any code, also a signal handler, wakes a thread that polls.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// A pipe: its end is readable once it was woken, and from then on.
#[derive(Clone, Debug)]
pub(in crate::transport::unix) struct Wake(Arc<(PipeReader, PipeWriter)>);

impl Wake {
    /// # Errors
    /// The system's error.
    pub(in crate::transport::unix) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        rustix::io::ioctl_fionbio(&writer, true)?;
        Ok(Self(Arc::new((reader, writer))))
    }

    /// Makes one system call, and neither allocates nor locks nor panics.
    pub(in crate::transport::unix) fn wake(&self) {
        // It fails only when the pipe is full, and then it is readable.
        let _ = rustix::io::write(&self.0.1, &[0]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}
