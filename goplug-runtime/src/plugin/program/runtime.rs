//! The runtime of a plugin's program.

use std::io;
use std::pin::Pin;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime, Runtime};

use crate::error::Result;

/// How a plugin's program runs.
///
/// It names its runtime by a function, so that a program with one thread, as most are, is
/// linked without the scheduler for several: that would be a thirtieth of the program, and
/// the only part of it that needs the system's mathematics library.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    make: fn(usize) -> io::Result<Box<dyn Executor>>,
    threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { make: single, threads: 1 }
    }
}

impl Options {
    /// With this many threads to run methods on. One, or none, means the thread of `main`
    /// alone, which suits methods that mostly wait; a method that computes then keeps the
    /// others waiting.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { make: if threads > 1 { several } else { single }, threads }
    }

    pub(super) fn runtime(self) -> io::Result<Box<dyn Executor>> {
        (self.make)(self.threads)
    }
}

/// What the program does with its runtime.
pub(super) trait Executor {
    /// Runs the program, and what it spawns, until it is done.
    fn run(&self, program: Pin<&mut dyn Future<Output = Result<bool>>>) -> Result<bool>;

    /// Ends what is still there. A blocking method that is running is not waited for.
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

// `Builder::build` would bring both schedulers, whichever is asked for.
fn single(_: usize) -> io::Result<Box<dyn Executor>> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    Ok(Box::new(runtime?))
}

fn several(threads: usize) -> io::Result<Box<dyn Executor>> {
    let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    Ok(Box::new(runtime?))
}
