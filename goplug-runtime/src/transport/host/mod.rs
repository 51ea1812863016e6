//! What only a host needs of the platform: plugins' processes, blocking connections, and the folder
//! of its sockets.
//!
//! Imports the files beside this folder. Start reading at `process/mod.rs`.

mod blocking;
mod credentials;
mod drivers;
mod folder_events;
mod forks;
mod open;
mod process;
mod process_state;
mod process_usage;
mod runtime_dir;
mod shortage;
mod shutdown_handle;

pub use blocking::{BlockingStream, is_listening};
pub use drivers::has_drivers;
pub use folder_events::{EndWatch, FolderEvents, Woken};
pub use forks::Maker;
pub use open::open_without_waiting;
pub use process::{
    Child, FileId, FileStamp, LandlockRules, MaybeDeferred, OpenProgram, Output, Rlimit, Ruleset,
    Signal, Spawn, Started, Tcp, is_absent, is_executable, own_program, start, start_or_defer,
};
pub use process_state::ProcessState;
pub use process_usage::ProcessUsage;
pub use runtime_dir::RuntimeDir;
pub use shortage::{is_passing, is_shortage, shortage_advice};
pub use shutdown_handle::ShutdownHandle;

#[cfg(test)]
pub(crate) use process::tests::confined::without_landlock;
