//! Methods that block, on a thread of their own.

use super::activation::{ActivationId, within_activation};
use super::context::{CURRENT, Context};
use crate::protocol::{Problem, ProblemKind};

/// Runs a blocking method on a thread of its own, in the context of the current plugin.
///
/// Dropping the future does not end the thread: blocking code cannot be interrupted. If the method
/// panics, so does the future.
///
/// # Errors
/// A problem of kind [`ProblemKind::Stopping`] if the runtime shuts down before the method has
/// begun.
pub async fn blocking<T: Send + 'static>(
    method: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let context = CURRENT.try_with(Context::clone).ok();
    let activation = ActivationId::current();
    let method = move || within_activation(activation, method);
    let work = tokio::task::spawn_blocking(move || match context {
        Some(context) => CURRENT.sync_scope(context, method),
        None => method(),
    });
    match work.await {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::new(ProblemKind::Stopping, "the runtime is shutting down")),
        },
    }
}
