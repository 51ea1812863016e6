//! Processes whose end can be waited for.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::unix::pipe::Receiver;

/// A process whose end can be waited for, whoever has started it.
///
/// Its descriptor is readable from the process's end on, as the reading end of a pipe is from the end of its
/// writers. Nothing is ever read from it.
#[derive(Debug)]
pub(crate) struct Watched(Receiver);

impl Watched {
    /// `None` if there is no such process. Needs a runtime.
    pub(crate) fn new(pid: u32) -> io::Result<Option<Self>> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let Some(number) = number else { return Ok(None) };
        match pidfd_open(number, PidfdFlags::empty()) {
            Ok(process) => Ok(Some(Self(Receiver::from_owned_fd_unchecked(process)?))),
            Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the process has ended. Cancel safe.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let mut process = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut process, Some(&Timespec::default())).is_ok_and(|count| count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_process_is_seen() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let watched = Watched::new(child.id()).unwrap().unwrap();
        assert!(!watched.has_ended());
        drop(child.stdin.take());
        watched.ended().await.unwrap();
        assert!(watched.has_ended());
        assert!(child.wait().unwrap().success());
        assert!(Watched::new(u32::MAX).unwrap().is_none());
    }
}
