//! Plugins' processes, from the program's file to the exit status.
//!
//! A plugin must not outlive its host, must not get descriptors or signal settings of the host
//! that are not meant for it, and must not leave a zombie. `program` opens the file,
//! `program_kind` tells what it is, and `file_id` notices
//! that a file was replaced; `spawn` lists what a process is given, `rlimit` and `sandbox_rules` limit
//! it; `plan` and `become_plugin` are for the step into the new process, which each system takes in its
//! own way; `spawner` owns the only thread that may do so, and `child` watches the result, with `reaper`
//! and `orphans` for those that were killed. Start reading at `spawn.rs`.

pub(in crate::transport::unix) mod become_plugin;
pub(in crate::transport::unix) mod child;
pub(in crate::transport::unix) mod failure;
mod file_id;
mod orphans;
pub(in crate::transport::unix) mod plan;
mod program;
pub(in crate::transport::unix) mod program_kind;
mod reaper;
pub(in crate::transport::unix) mod rlimit;
mod sandbox_rules;
mod spawn;
mod spawner;

#[cfg(test)]
pub(crate) mod tests;

pub use child::Child;
pub use file_id::{FileId, FileStamp, is_absent};
pub use program::{OpenProgram, is_executable};
pub use rlimit::Rlimit;
pub use rustix::process::Signal;
pub use sandbox_rules::{SandboxRules, Tcp};
pub use spawn::{MaybeDeferred, Output, Spawn, Started, start, start_or_defer};
