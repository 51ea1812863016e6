//! The runtime of a host that has none: one thread, which ends with its owner.

use std::future::Future;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::typed::wait;

/// A runtime on a thread of its own. Dropping it ends its tasks, and waits for the thread.
pub(super) struct RuntimeThread {
    handle: Handle,
    /// Dropped before the thread is waited for: that is what ends it.
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

    /// Runs a future there, and blocks until it is ready.
    ///
    /// # Errors
    /// [`Error::Configuration`] on that very thread, which cannot wait for itself;
    /// [`Error::Stopped`] where the future was ended before it was ready.
    pub(super) fn run<F>(&self, future: F) -> Result<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        if self.is_this_thread() {
            let text = "a blocking registry cannot be waited for by an async task of its own";
            return Err(Error::Configuration(text.into()));
        }
        wait(self.handle.spawn(future)).map_err(|_| Error::Stopped)
    }

    fn is_this_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| t.thread().id() == thread::current().id())
    }
}

/// Drives the runtime until its owner is gone.
fn drive(runtime: Runtime, ended: oneshot::Receiver<()>) {
    drop(runtime.block_on(ended));
    // Handlers that block cannot be ended, and one of them may be what waits for this thread.
    runtime.shutdown_background();
}

impl Drop for RuntimeThread {
    fn drop(&mut self) {
        drop(self.end.take());
        if self.is_this_thread() {
            return;
        }
        if let Some(thread) = self.thread.take() {
            // What a panic there has to say has been said.
            drop(thread.join());
        }
    }
}
