//! A runtime for hosts that have none, on a thread that ends with its owner.

use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::host::owner::check_owner;
use crate::panic::catch_panic;
use crate::transport::Owner;
use crate::typed::wait;

/// A runtime on a thread of its own. Dropping it aborts its tasks and waits for the thread.
pub(super) struct RuntimeThread {
    handle: Handle,
    /// Dropping the sender ends the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    owner: Owner,
}

impl RuntimeThread {
    pub(super) fn start() -> Result<Self> {
        let failed = |error| Error::io("the registry's thread", error);
        let (end, ended) = oneshot::channel();
        let (started, starting) = mpsc::sync_channel(1);
        // The thread makes the runtime. A runtime cannot be dropped within an async task, which this
        // thread may run, and it would have to be if the system had no thread.
        let thread = thread::Builder::new()
            .name("goplug-registry".into())
            .spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build();
                let (runtime, made) = match runtime {
                    Ok(runtime) => {
                        let handle = runtime.handle().clone();
                        (Some(runtime), Ok(handle))
                    }
                    Err(error) => (None, Err(error)),
                };
                drop(started.send(made));
                if let Some(runtime) = runtime {
                    drive(runtime, ended);
                }
            })
            .map_err(failed)?;
        let made = starting.recv().unwrap_or_else(|gone| Err(io::Error::other(gone)));
        let handle = made.map_err(failed)?;
        let owner = Owner::this_process();
        Ok(Self { handle, end: Some(end), thread: Some(thread), owner })
    }

    /// Runs a future on the runtime, and blocks until it is ready.
    ///
    /// # Errors
    /// The future's own; [`Error::Configuration`] on the runtime's thread, which cannot wait for
    /// itself, or in a forked process, which has no such thread; [`Error::Stopped`] if the future was
    /// aborted.
    pub(super) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        check_owner(self.owner)?;
        if self.is_this_thread() {
            let text = "a blocking registry cannot be waited for by an async task of its own";
            return Err(Error::Configuration(text.into()));
        }
        match wait(self.handle.spawn(catch_panic(future))) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Error::Internal(format!("the registry panicked: {panic}"))),
            Err(_) => Err(Error::Stopped),
        }
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
        if !self.owner.is_this_process() {
            // The thread was not forked, and its runtime must not be touched.
            std::mem::forget(self.end.take());
            return;
        }
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
