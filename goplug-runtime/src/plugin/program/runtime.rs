//! The tokio runtime of a plugin's program.

use std::io;
use std::pin::Pin;
use std::thread;

use tokio::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime};

use crate::error::{Error, Result};
use crate::transport::no_thread;

/// How a plugin's program runs. By default it has one thread, that of `main`.
///
/// The runtime is made by a function pointer, so that a program with one thread is linked
/// without the scheduler for several threads: that would be a thirtieth of the program, and the
/// only part of it that needs the system's mathematics library.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    make: fn(usize) -> io::Result<Box<dyn Executor>>,
    threads: usize,
    set_up: fn() -> anyhow::Result<()>,
}

impl Default for Options {
    fn default() -> Self {
        Self { make: current_thread, threads: 1, set_up: || Ok(()) }
    }
}

impl Options {
    /// Runs methods on this many threads. With 0 or 1, everything runs on the thread of `main`. That
    /// suits methods that mostly wait: a method that computes keeps the others waiting.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { make: if threads > 1 { multi_thread } else { current_thread }, threads, ..self }
    }

    /// Runs this function before the plugin serves. If it fails, the program ends.
    #[must_use]
    pub fn setup(self, set_up: fn() -> anyhow::Result<()>) -> Self {
        Self { set_up, ..self }
    }

    /// Runs the program's own set-up.
    pub(super) fn set_up(self) -> Result<()> {
        (self.set_up)().map_err(|error| {
            Error::Configuration(format!("the program's set-up failed: {error:#}"))
        })
    }

    pub(super) fn runtime(self) -> io::Result<Box<dyn Executor>> {
        (self.make)(self.threads)
    }
}

/// Runs the function on this thread; on another if this one drives a runtime already, as `main`
/// does under `#[tokio::main]`. A thread cannot drive two.
///
/// # Errors
/// The system has no thread.
pub(super) fn outside<T: Send>(function: impl FnOnce() -> T + Send) -> io::Result<T> {
    if Handle::try_current().is_err() {
        return Ok(function());
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("goplug-main".into());
        match thread.spawn_scoped(scope, function).map_err(no_thread)?.join() {
            Ok(value) => Ok(value),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// What the program needs of its runtime.
pub(super) trait Executor {
    /// Runs the program, and the tasks that it spawns, until the program is done.
    fn run(&self, program: Pin<&mut dyn Future<Output = Result<bool>>>) -> Result<bool>;

    /// Ends the tasks that are left, without waiting for a blocking method that still runs.
    fn shut_down(self: Box<Self>);
}

impl Executor for Runtime {
    fn run(&self, program: Pin<&mut dyn Future<Output = Result<bool>>>) -> Result<bool> {
        self.block_on(program)
    }

    fn shut_down(self: Box<Self>) {
        self.shutdown_background();
    }
}

impl Executor for LocalRuntime {
    fn run(&self, program: Pin<&mut dyn Future<Output = Result<bool>>>) -> Result<bool> {
        self.block_on(program)
    }

    fn shut_down(self: Box<Self>) {
        self.shutdown_background();
    }
}

// `Builder::build` would link both schedulers, whichever of them is asked for.
fn current_thread(_: usize) -> io::Result<Box<dyn Executor>> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    Ok(Box::new(runtime?))
}

fn multi_thread(threads: usize) -> io::Result<Box<dyn Executor>> {
    let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    Ok(Box::new(runtime?))
}
