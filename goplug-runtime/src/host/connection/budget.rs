//! The time of a call.

use std::time::Duration;

use tokio::time::Instant;

/// How long a call may take, and how much of that time remains.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Budget {
    /// The whole time of the call; errors name it.
    pub(in crate::host) total: Duration,
    /// The time that remained when this was last updated; it is sent to the plugin.
    pub(in crate::host) remaining: Duration,
    pub(in crate::host) deadline: Instant,
}

impl Budget {
    /// A budget that begins now.
    pub(in crate::host) fn new(total: Duration) -> Self {
        Self::since(Instant::now(), total)
    }

    /// A budget that began then.
    pub(in crate::host) fn since(began: Instant, total: Duration) -> Self {
        Self { total, remaining: total, deadline: began + total }
    }

    /// The same budget with the time that remains now.
    pub(in crate::host) fn updated(self) -> Self {
        Self { remaining: self.deadline.saturating_duration_since(Instant::now()), ..self }
    }
}
