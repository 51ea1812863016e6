//! Processes whose end can be waited for.

// The calls that register an event and a descriptor may in general be given dangling descriptors.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A process whose end can be waited for, whoever has started it.
///
/// Its queue is readable from the process's end on: the event is never taken out.
#[derive(Debug)]
pub(crate) struct Watched(AsyncFd<OwnedFd>);

impl Watched {
    /// `None` if there is no such process. Needs a runtime.
    pub(crate) fn new(pid: u32) -> io::Result<Option<Self>> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let Some(pid) = number else { return Ok(None) };
        let queue = kqueue()?;
        fcntl_setfd(&queue, FdFlags::CLOEXEC)?;
        let filter = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
        let event = Event::new(filter, EventFlags::ADD, std::ptr::null_mut());
        // SAFETY: the filter names no descriptor.
        let registered = unsafe { kevent(&queue, &[event], &mut [] as &mut [Event], None) };
        match registered {
            Ok(_) => {
                // SAFETY: the descriptor is the same as long as its owner is there.
                let queue = unsafe { AsyncFd::register_with_interest(queue, Interest::READABLE) };
                Ok(Some(Self(queue?)))
            }
            Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the process has ended. Cancel safe.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        // What is ready stays so, since nothing is read.
        self.0.readable().await.map(drop)
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let mut process = [PollFd::new(self.0.get_ref(), PollFlags::IN)];
        poll(&mut process, Some(&Timespec::default())).is_ok_and(|count| count > 0)
    }
}
