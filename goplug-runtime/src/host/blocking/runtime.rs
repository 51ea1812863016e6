//! The runtime of a blocking registry, as the threads that block use it.

use std::future::Future;

use crate::error::{Error, Result};
use crate::host::owner::check_owner;
use crate::panic::catch_panic;
use crate::transport::RuntimeThread;
use crate::typed::wait;

/// Starts the thread of a registry.
pub(super) fn start() -> Result<RuntimeThread> {
    RuntimeThread::start("goplug-registry")
        .map_err(|error| Error::io("the registry's thread", error))
}

/// Runs a future on the runtime, and blocks until it is ready.
///
/// # Errors
/// The future's own; [`Error::Configuration`] on the runtime's thread, which cannot wait for
/// itself, or in a forked process, which has no such thread; [`Error::Stopped`] if the future was
/// aborted.
pub(super) fn run<T: Send + 'static>(
    runtime: &RuntimeThread,
    future: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    check_owner(runtime.owner())?;
    if runtime.is_this_thread() {
        let text = "a blocking registry cannot be waited for by an async task of its own";
        return Err(Error::Configuration(text.into()));
    }
    match wait(runtime.handle().spawn(catch_panic(future))) {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Error::Internal(format!("the registry panicked: {panic}"))),
        Err(_) => Err(Error::Stopped),
    }
}
