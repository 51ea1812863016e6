//! Patience with a plugin that another process has started, after a call that it has not begun.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::exit::EXIT_WAIT;
use super::shared::Instance;
use crate::error::Error;
use crate::host::connection::Budget;

/// How often the call is made again.
const PAUSE: Duration = Duration::from_millis(20);

/// For how long one call is made again.
#[derive(Default)]
pub(in crate::host) struct Patience {
    until: Option<Instant>,
}

impl Patience {
    /// Waits, after a call that the plugin has not begun, for what the host will notice soon: that
    /// another process has taken the plugin's place. Returns whether the same instance may take the
    /// call later: it is not active, and may be about to be activated again after its connection to
    /// this host broke. For a child process there is nothing to wait for. Cancel safe.
    pub(in crate::host) async fn lets_retry(
        &mut self,
        instance: &Instance,
        error: &Error,
        budget: Budget,
    ) -> bool {
        if instance.is_child() {
            return false;
        }
        let now = Instant::now();
        let longest = EXIT_WAIT.min(budget.updated().remaining / 2);
        let until = *self.until.get_or_insert(now + longest);
        let is_inactive = matches!(error, Error::Unavailable { .. });
        let pause = if is_inactive { until.min(now + PAUSE) } else { until };
        let has_ended = timeout_at(pause, instance.wait_for_exit()).await.is_ok();
        is_inactive && !has_ended && now < until
    }
}
