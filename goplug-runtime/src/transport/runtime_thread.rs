//! A runtime for code that has none, on a thread that ends with its owner.

use std::fmt;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use super::per_process::Owner;
use super::start_thread::start_thread;

/// A runtime on a thread of its own. Dropping it aborts its tasks and waits for the thread.
pub struct RuntimeThread {
    handle: Handle,
    /// Dropping the sender ends the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    owner: Owner,
}

impl RuntimeThread {
    /// Starts the thread, under this name.
    ///
    /// # Errors
    /// The system has no thread, or the runtime cannot be made.
    pub fn start(name: &str) -> io::Result<Self> {
        let (end, ended) = oneshot::channel();
        let (started, starting) = mpsc::sync_channel(1);
        // The thread makes the runtime. A runtime cannot be dropped within an async task, which this
        // thread may run, and it would have to be if the system had no thread.
        let thread = start_thread(name, move || {
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
        })?;
        let handle = starting.recv().unwrap_or_else(|gone| Err(io::Error::other(gone)))?;
        let owner = Owner::this_process();
        Ok(Self { handle, end: Some(end), thread: Some(thread), owner })
    }

    /// The runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The process that has the thread.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// Whether the caller is on the runtime's thread.
    pub fn is_this_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| t.thread().id() == thread::current().id())
    }
}

impl fmt::Debug for RuntimeThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeThread").field("owner", &self.owner).finish_non_exhaustive()
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
