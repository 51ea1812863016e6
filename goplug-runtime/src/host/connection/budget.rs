//! The time of a call.

use std::time::Duration;

use tokio::time::Instant;

/// How long a call may take, and what of it remains.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Budget {
    /// All of it: what an error names.
    pub(in crate::host) total: Duration,
    /// What remained when this was last brought up to date: what the plugin is told.
    pub(in crate::host) remaining: Duration,
    pub(in crate::host) deadline: Instant,
}

impl Budget {
    /// So much time, from now on.
    pub(in crate::host) fn new(total: Duration) -> Self {
        Self { total, remaining: total, deadline: Instant::now() + total }
    }

    /// The same budget, with what remains of it by now.
    pub(in crate::host) fn updated(self) -> Self {
        Self { remaining: self.deadline.saturating_duration_since(Instant::now()), ..self }
    }
}
