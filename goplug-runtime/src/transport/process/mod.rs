//! Plugins' processes, from the program's file to the exit status.
//!
//! A plugin must not outlive its host, nor take a descriptor or a signal setting
//! of the host with it, nor leave a zombie. `program` knows the file, and `version` how to
//! see that it was replaced; `spawn` what is handed over, `limit` and `reach` what is held
//! back; `fork` takes the step into the new process, `spawner` owns the one thread that may
//! take it, `child` watches over the result.

mod child;
mod failure;
mod fork;
mod limit;
mod program;
mod reach;
mod spawn;
mod spawner;
mod version;

#[cfg(test)]
pub(crate) mod tests;

pub use child::Child;
pub use limit::Limit;
pub use program::OpenProgram;
pub use reach::{Reach, Ruleset, Tcp};
pub use rustix::process::Signal;
pub use spawn::{Output, Spawn, Started, start};
pub use version::{FileState, FileVersion};
