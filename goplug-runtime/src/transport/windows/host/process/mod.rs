//! Plugins' processes, from the program's file to the exit status.
//!
//! A plugin must not outlive its host, and must not get handles of the host that are not meant for it.
//! `program` opens the file, and `program_kind` tells what it is; `spawn` lists what a process is given;
//! `command_line` and `environment` write it as the system reads it, `job` limits it, `output` makes its
//! pipes, and `create_process` is the call itself, during which `error_mode` keeps windows closed; `child` watches the result, by `exit_watch`. Start
//! reading at `spawn.rs`.

mod child;
mod command_line;
mod create_process;
mod environment;
mod error_mode;
mod exit_text;
mod exit_watch;
mod job;
mod output;
mod own_program;
mod program;
mod program_kind;
mod sandbox;
mod spawn;

#[cfg(test)]
mod tests;

pub use child::Child;
pub use exit_text::exit_text;
pub use output::Output;
pub use own_program::own_program;
pub use program::OpenProgram;
pub use sandbox::Ruleset;
pub use spawn::start_or_defer;
