//! A call: which run of the plugin takes it, and what happens if that run goes away.
//!
//! A call that was certainly not executed is made again with the next run, where there is
//! one to come; one that may have been executed only if its method is declared idempotent.
//! All of it has to fit into the caller's deadline.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::core::Core;
use super::service::Service;
use crate::error::{Error, Result};
use crate::limits;
use crate::typed::CallRequest;

/// How long a call may take, and what of it is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// All of it.
    pub(super) budget: Duration,
    pub(super) left: Duration,
    pub(super) deadline: Instant,
}

impl Time {
    /// So much, from now on.
    pub(super) fn of(budget: Duration) -> Self {
        Self { budget, left: budget, deadline: Instant::now() + budget }
    }

    /// What is left by now.
    pub(super) fn now(self) -> Self {
        Self { left: self.deadline.saturating_duration_since(Instant::now()), ..self }
    }
}

/// Calls a method. Dropping the future gives the call up.
pub(super) async fn call(core: &Core, request: CallRequest<'_>) -> Result<Bytes> {
    let mut time = Time::of(budget(core, &request));
    loop {
        let run = core.run(time.deadline).await?;
        let error = match run.call(&request, time).await {
            Ok(body) => return Ok(body),
            Err(error) => error,
        };
        if !is_to_be_made_again(core, &run, &error, request.idempotent) {
            return Err(error);
        }
        time = time.now();
    }
}

/// How long a call may take.
pub(super) fn budget(core: &Core, request: &CallRequest<'_>) -> Duration {
    request.timeout.unwrap_or(core.policy().call_timeout).min(limits::MAX_DURATION)
}

/// Whether a call that failed like this is to be made again, with the next run.
pub(super) fn is_to_be_made_again(
    core: &Core,
    run: &Service,
    error: &Error,
    idempotent: bool,
) -> bool {
    may_be_made_again(error, idempotent) && core.has_successor(run)
}

fn may_be_made_again(error: &Error, idempotent: bool) -> bool {
    match error {
        Error::Crashed { may_have_executed, .. } => idempotent || !may_have_executed,
        // So a plugin answers that is on its way out and has not begun.
        Error::Unavailable { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::PluginId;

    fn crashed(may_have_executed: bool) -> Error {
        let id = PluginId::new("p", "").unwrap();
        Error::Crashed { id, status: String::new(), stderr: Vec::new(), may_have_executed }
    }

    #[test]
    fn what_may_have_executed_is_made_again_only_if_it_is_idempotent() {
        assert!(!may_be_made_again(&crashed(true), false));
        assert!(may_be_made_again(&crashed(true), true));
        assert!(may_be_made_again(&crashed(false), false));
    }

    #[test]
    fn an_answer_is_final() {
        let error = Error::UnknownMethod { method: "m".into() };
        assert!(!may_be_made_again(&error, true));
    }
}
