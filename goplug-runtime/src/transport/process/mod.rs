//! Plugins' processes, from the program's file to the exit status.
//!
//! A plugin must not outlive its host, nor take a descriptor or a signal setting
//! of the host with it, nor leave a zombie. `program` knows the file, `spawn` what
//! is handed over, `fork` takes the step into the new process, `spawner` owns the
//! one thread that may take it, `child` watches over the result.

mod child;
mod fork;
mod program;
mod spawn;
mod spawner;

#[cfg(test)]
mod tests;

pub use child::Child;
pub use program::OpenProgram;
pub use rustix::process::Signal;
pub use spawn::{Output, Spawn, Started};
