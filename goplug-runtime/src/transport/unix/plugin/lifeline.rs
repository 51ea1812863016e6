//! The pipe by which a plugin learns that its host has ended.

// tokio's only way to watch a descriptor that is not deprecated is unsafe.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A pipe from the host. Its end of file means that the host has ended, whatever the cause.
#[derive(Debug)]
pub struct Lifeline(OwnedFd);

impl Lifeline {
    /// The lifeline on this pipe, which is made to block.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn new(pipe: OwnedFd) -> io::Result<Self> {
        let flags = rustix::fs::fcntl_getfl(&pipe)?;
        rustix::fs::fcntl_setfl(&pipe, flags - OFlags::NONBLOCK)?;
        Ok(Self(pipe))
    }

    /// Waits until the host has ended. Needs a runtime with I/O; without one,
    /// [`Termination`](super::Termination) waits. Cancel safe.
    ///
    /// # Errors
    /// The system's error if the pipe cannot be watched.
    pub async fn closed(&self) -> io::Result<()> {
        // SAFETY: the descriptor is the one that `self` keeps open beyond this future.
        let pipe = unsafe { AsyncFd::register_with_interest(self.as_fd(), Interest::READABLE) }?;
        loop {
            let mut ready = pipe.readable().await?;
            // The readiness may be out of date, and then a read would block.
            let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
            let mut ends = [PollFd::new(self, PollFlags::IN)];
            if poll(&mut ends, Some(&at_once))? == 0 {
                ready.clear_ready();
            } else if self.has_ended() {
                return Ok(());
            }
        }
    }

    /// Another handle of the same pipe.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Whether the host ends within the limit. Blocks the thread. Makes system calls alone, so that a handler
    /// of a signal may ask.
    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        let limit = Timespec {
            tv_sec: limit.as_secs().cast_signed(),
            tv_nsec: limit.subsec_nanos().into(),
        };
        let mut ends = [PollFd::new(self, PollFlags::IN)];
        poll(&mut ends, Some(&limit)).is_ok_and(|ready| ready > 0) && self.has_ended()
    }

    /// Reads from the pipe, and blocks while it is empty. Returns whether it was the end of file.
    pub(in crate::transport) fn has_ended(&self) -> bool {
        match rustix::io::read(&self.0, &mut [0; 64]) {
            Ok(count) => count == 0,
            // A pipe that cannot be read says nothing about the host, and to outlive it would be
            // worse than to end too early.
            Err(error) => error != Errno::INTR,
        }
    }
}

impl AsFd for Lifeline {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lifeline_closes_with_its_last_writer() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let lifeline = Lifeline::new(reader.into()).unwrap();
        // Bytes in the pipe mean nothing; only its end does.
        std::io::Write::write_all(&mut writer, b"noise").unwrap();
        let mut closed = std::pin::pin!(lifeline.closed());
        let early = tokio::time::timeout(Duration::from_millis(20), closed.as_mut()).await;
        assert!(early.is_err());
        drop(writer);
        closed.await.unwrap();
        assert!(lifeline.has_ended());
    }
}
