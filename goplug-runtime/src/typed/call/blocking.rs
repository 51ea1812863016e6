//! Methods that block, on a thread of their own.

use super::activation::{ActivationId, within_activation};
use super::context::Scope;
use crate::protocol::{Problem, ProblemKind};
use crate::transport::on_thread;

/// Runs a blocking method on a thread of its own, as a part of what the current code is a part of.
///
/// Dropping the future does not end the thread: blocking code cannot be interrupted. If the method
/// panics, so does the future.
///
/// # Errors
/// A problem of kind [`ProblemKind::Internal`] if the system has no thread; the method has not begun
/// then, and a later call may find one.
pub async fn blocking<T: Send + 'static>(
    method: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let mut scope = Scope::current();
    let activation = ActivationId::current();
    let method = move || within_activation(activation, method);
    let work = on_thread(move || scope.enter(method));
    work.await.map_err(|error| {
        Problem::new(ProblemKind::Internal, format!("the method was not begun: {error}"))
    })
}
