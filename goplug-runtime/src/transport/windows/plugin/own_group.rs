//! The end of what a plugin has started when its host is gone.
//!
//! Nothing is to be done here: the job of the host, which has ended with it, has ended everything that the
//! plugin has started.

use std::io;
use std::time::Duration;

use super::Lifeline;

/// Does nothing.
pub fn end_orphaned_group(_lifeline: &Lifeline, _limit: Duration) {}

/// Guards nothing.
#[derive(Debug)]
pub struct GroupGuard(());

impl GroupGuard {
    /// Changes nothing.
    ///
    /// # Errors
    /// None; on other systems, that of a handler of a signal.
    pub fn new(_lifeline: &Lifeline, _limit: Duration) -> io::Result<Self> {
        Ok(Self(()))
    }
}
