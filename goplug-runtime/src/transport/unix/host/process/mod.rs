//! Plugins' processes, from the program's file to the exit status.
//!
//! A plugin must not outlive its host, must not get descriptors or signal settings of the host
//! that are not meant for it, and must not leave a zombie. `program` opens the file, and
//! `program_kind` tells what it is; `spawn` lists what a process is given, `rlimit` limits
//! it; `plan` and `become_plugin` are for the step into the new process, which each system takes in its
//! own way; `spawner` owns the only thread that may do so, and `child` watches the result, with `kill`, `reaper`
//! and `orphans` for those that are to end. Start reading at `spawn.rs`.

pub(in crate::transport::unix) mod become_plugin;
pub(in crate::transport::unix) mod child;
pub(in crate::transport::unix) mod failure;
mod kill;
mod orphans;
mod output;
pub(in crate::transport::unix) mod passed;
pub(in crate::transport::unix) mod plan;
mod program;
pub(in crate::transport::unix) mod program_kind;
mod reaper;
pub(in crate::transport::unix) mod rlimit;
mod spawn;
mod spawner;

#[cfg(test)]
pub(crate) mod tests;

pub use child::{Child, exit_text};
#[cfg(all(test, feature = "plugin"))]
pub(crate) use kill::Unkillable;
pub use output::Output;
pub use program::{OpenProgram, default_path, is_executable, program_at};
pub use spawn::start_or_defer;
