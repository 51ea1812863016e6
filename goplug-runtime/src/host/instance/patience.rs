//! Patience with a plugin that has not begun a call, because it stops or is replaced.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::exit::EXIT_WAIT;
use super::shared::Instance;
use crate::error::Error;
use crate::host::connection::Budget;
use crate::typed::wait_until;

/// How often the call is made again.
const PAUSE: Duration = Duration::from_millis(20);

/// For how long one call is made again.
pub(in crate::host) struct Patience {
    until: Option<Instant>,
    is_permanent: bool,
}

/// What a call waits for: the end of the instance, until this time.
struct Wait {
    until: Instant,
    /// Whether the same instance may take the call after that, if it has not ended.
    may_recover: bool,
}

impl Patience {
    /// No patience is used up yet. A plugin that is permanent is restarted whatever its exit.
    pub(in crate::host) fn new(is_permanent: bool) -> Self {
        Self { until: None, is_permanent }
    }

    /// Waits, after a call that the plugin has not begun, for what the host will notice soon: that
    /// another process has taken the plugin's place, or that a child process that stops has ended and
    /// is restarted. Returns whether the same instance may take the call later: it is not active, and
    /// may be about to be activated again after its connection to this host broke. Cancel safe.
    pub(in crate::host) async fn lets_retry(
        &mut self,
        instance: &Instance,
        error: &Error,
        budget: Budget,
    ) -> bool {
        let Some(wait) = self.wait(instance, error, budget) else { return false };
        let ended = timeout_at(wait.until, instance.wait_for_exit()).await;
        wait.may_recover && ended.is_err()
    }

    /// As [`Patience::lets_retry`], but blocks, and needs no runtime.
    pub(in crate::host) fn lets_retry_blocking(
        &mut self,
        instance: &Instance,
        error: &Error,
        budget: Budget,
    ) -> bool {
        let Some(wait) = self.wait(instance, error, budget) else { return false };
        let ended = wait_until(instance.wait_for_exit(), wait.until.into());
        wait.may_recover && ended.is_none()
    }

    fn wait(&mut self, instance: &Instance, error: &Error, budget: Budget) -> Option<Wait> {
        let is_refused = matches!(error, Error::Unavailable { .. });
        if instance.is_child() && !(self.is_permanent && is_refused) {
            return None;
        }
        let now = Instant::now();
        let longest = EXIT_WAIT.min(budget.updated().remaining / 2);
        let until = *self.until.get_or_insert(now + longest);
        let may_recover = is_refused && !instance.is_child() && now < until;
        let until = if may_recover { until.min(now + PAUSE) } else { until };
        Some(Wait { until, may_recover })
    }
}
