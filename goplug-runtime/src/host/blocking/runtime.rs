//! A runtime for hosts that have none, on a thread that ends with its owner.

use std::future::Future;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::typed::wait;

/// A runtime on a thread of its own. Dropping it aborts its tasks and waits for the thread.
pub(super) struct RuntimeThread {
    handle: Handle,
    /// Dropping the sender ends the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RuntimeThread {
    pub(super) fn start() -> Result<Self> {
        let failed = |error| Error::io("the registry's thread", error);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("goplug-registry".into())
            .spawn(move || drive(runtime, ended))
            .map_err(failed)?;
        Ok(Self { handle, end: Some(end), thread: Some(thread) })
    }

    /// Runs a future on the runtime, and blocks until it is ready.
    ///
    /// # Errors
    /// The future's own; [`Error::Configuration`] on the runtime's thread, which cannot wait for
    /// itself; [`Error::Stopped`] if the future was aborted.
    pub(super) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if self.is_this_thread() {
            let text = "a blocking registry cannot be waited for by an async task of its own";
            return Err(Error::Configuration(text.into()));
        }
        wait(self.handle.spawn(future)).unwrap_or(Err(Error::Stopped))
    }

    /// Whether the caller is on the runtime's thread.
    fn is_this_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| t.thread().id() == thread::current().id())
    }
}

/// Drives the runtime until its owner is gone.
fn drive(runtime: Runtime, ended: oneshot::Receiver<()>) {
    drop(runtime.block_on(ended));
    // Blocking handlers cannot be aborted, and a handler may be waiting for this very thread.
    runtime.shutdown_background();
}

impl Drop for RuntimeThread {
    fn drop(&mut self) {
        drop(self.end.take());
        if self.is_this_thread() {
            return;
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook.
            drop(thread.join());
        }
    }
}
