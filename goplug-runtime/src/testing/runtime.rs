//! The tokio runtime in which a plugin's code runs: that of the caller, else one of its own.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::error::{Error, Result};
use crate::transport::RuntimeThread;

/// A runtime that is started for the first caller that has none.
#[derive(Debug, Default)]
pub(super) struct OwnRuntime(Mutex<Option<RuntimeThread>>);

impl OwnRuntime {
    /// The runtime of the plugin's own; `None` if the caller is within one.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no thread for it.
    pub(super) fn for_caller(&self) -> Result<Option<Handle>> {
        if Handle::try_current().is_ok() {
            return Ok(None);
        }
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if own.is_none() {
            let thread = RuntimeThread::start("goplug-testing")
                .map_err(|error| Error::io("the runtime of a plugin in this process", error))?;
            *own = Some(thread);
        }
        Ok(own.as_ref().map(|thread| thread.handle().clone()))
    }
}

/// Polls a future within this runtime, or within that of the caller.
pub(super) async fn within<F: Future>(runtime: Option<Handle>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _entered = runtime.as_ref().map(Handle::enter);
        future.as_mut().poll(cx)
    })
    .await
}
