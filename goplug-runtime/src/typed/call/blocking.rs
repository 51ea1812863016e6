//! Methods that block, on a thread of their own.

use super::context::{CURRENT, Context};
use crate::protocol::{Problem, ProblemKind};

/// Runs a blocking method on a thread of its own, as part of the same plugin.
///
/// Dropping the future does not end the thread: blocking code cannot be
/// interrupted. A panic in it is a panic here.
///
/// # Errors
/// None of its own: the type is that of a handler's other steps.
pub async fn blocking<T: Send + 'static>(
    method: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let context = CURRENT.try_with(Context::clone).ok();
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
