//! The end of what a plugin has started when its host is gone.

use std::time::Duration;

use super::Lifeline;

/// Does nothing: the job of the host, which has ended with it, has ended everything that the plugin has
/// started.
pub fn end_orphaned_group(_lifeline: &Lifeline, _limit: Duration) {}
