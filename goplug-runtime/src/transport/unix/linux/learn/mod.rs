//! Sandboxes that tell what they refuse: a thread of the host hears of the calls of a plugin that name files or
//! sockets, before the kernel judges them.
//!
//! The filter of system calls notifies (`SECCOMP_RET_USER_NOTIF`). The thread reads what a call asks for from the
//! plugin's memory, judges that by the rules of the sandbox, and lets the call go on to Landlock, which refuses it or
//! not. The memory may be another by then: what is learnt is for development, and no protection.
//!
//! `calls` is the list of the calls, `notification` what the kernel tells of one, `judge` what it asks for,
//! `handover` the way of the filter's descriptor to the host.

mod calls;
mod handover;
mod judge;
mod notification;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

pub(super) use self::calls::told;
use self::handover::receive;
pub(super) use self::handover::send;
use self::judge::Judge;
use self::notification::Notifications;
use super::seccomp::can_tell;
use crate::transport::{OpenProgram, RefusedAccesses, SandboxRules};

/// A sandbox that tells.
#[derive(Clone, Debug)]
pub(super) struct Learning {
    judge: Arc<Judge>,
    refused: Arc<RefusedAccesses>,
}

impl Learning {
    /// `None` if the kernel cannot tell. Does blocking I/O.
    pub(super) fn new(
        rules: &SandboxRules,
        program: &OpenProgram,
        refused: &Arc<RefusedAccesses>,
    ) -> Option<Self> {
        let judge = Arc::new(Judge::new(rules, program));
        can_tell().then(|| Self { judge, refused: Arc::clone(refused) })
    }

    /// Starts the thread for a process that is about to be started. Returns the socket over which that process
    /// hands over the descriptor of its filter. The thread ends with the last process that has the filter, or
    /// once every copy of the socket is closed and nothing was handed over.
    ///
    /// # Errors
    /// The system gives no thread or no descriptors.
    pub(super) fn listen(&self) -> io::Result<OwnedFd> {
        let (here, there) = UnixStream::pair()?;
        let Self { judge, refused } = self.clone();
        let work = move || {
            if let Ok(Some(filter)) = receive(here.as_fd()) {
                drop(here);
                serve(&Notifications(filter), &judge, &refused);
            }
        };
        thread::Builder::new().name("goplug-learn".into()).spawn(work)?;
        Ok(there.into())
    }
}

/// Answers the calls of a filter until nobody is left that makes any.
fn serve(notifications: &Notifications, judge: &Judge, refused: &RefusedAccesses) {
    loop {
        let mut ready = [PollFd::new(&notifications.0, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(Errno::INTR) => continue,
            Ok(_) if ready[0].revents().contains(PollFlags::IN) => {}
            // The last process has ended.
            _ => return,
        }
        match notifications.receive() {
            Ok(Some(call)) => {
                let (accesses, reply) = judge.judge(&call);
                if notifications.is_waiting(&call) {
                    accesses.into_iter().for_each(|access| refused.add(access));
                    notifications.answer(&call, reply);
                }
            }
            Ok(None) => {}
            Err(_) => return,
        }
    }
}
