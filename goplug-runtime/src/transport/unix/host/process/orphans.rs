//! Members of a plugin's group that have become children of this host.
//!
//! When a process ends, its children become those of the first process of the container, or of the
//! nearest subreaper. If that is this host, what a plugin has started stays a zombie until the host reaps
//! it. The host may have further children, which are none of goplug's: so only those are reaped that are
//! in a group that a plugin has led.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How long to wait for members that were killed. One that runs as another user may not have been.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is left of the group of a plugin whose process was reaped.
#[derive(Debug)]
pub(super) struct Orphans {
    leader: Pid,
    until: Instant,
}

impl Orphans {
    /// The group that was led by the process of this number.
    pub(super) fn of(leader: Pid) -> Self {
        Self { leader, until: Instant::now() + TIMEOUT }
    }

    /// Reaps those that have ended. Whether to ask again, since others have not.
    pub(super) fn remain(&self) -> bool {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        loop {
            // If this process has a child of the leader's number, it is another plugin, and the group
            // is that plugin's.
            let leader = waitid(WaitId::Pid(self.leader), ended | WaitIdOptions::NOWAIT);
            if !matches!(leader, Err(Errno::CHILD)) {
                return false;
            }
            match waitid(WaitId::Pgid(Some(self.leader)), ended) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return Instant::now() < self.until,
                Err(_) => return false,
            }
        }
    }
}
