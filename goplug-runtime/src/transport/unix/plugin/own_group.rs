//! The end of a plugin's process group when its host is gone.
//!
//! A host kills what is left of a plugin's group when the plugin has ended. A host that was killed cannot do
//! that, so the plugin does: otherwise what it has started would outlive them both.

use std::time::Duration;

use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};

use super::Lifeline;
use crate::transport::unix::system::is_alone_in_group;

/// Kills the process group of this process, and this process with it, if its host has ended or does within
/// the limit, and if this process leads the group as one that a host has started does. A process that is
/// alone in its group ends by itself, with its own exit status.
pub fn end_orphaned_group(lifeline: &Lifeline, limit: Duration) {
    if lifeline.ends_within(limit) && getpgrp() == getpid() && !is_alone_in_group() {
        // There is nobody to tell if the system refuses.
        let _ = kill_current_process_group(Signal::KILL);
    }
}
