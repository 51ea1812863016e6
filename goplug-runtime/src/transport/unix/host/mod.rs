//! What only a host needs of the platform: plugins' processes, blocking connections, and the folder
//! of its sockets.
//!
//! Imports the files beside this folder. Start reading at `process/mod.rs`.

mod blocking;
mod drivers;
pub(in crate::transport::unix) mod folder_wait;
mod forks;
mod open;
pub(in crate::transport::unix) mod process;
mod process_report;
mod runtime_dir;
mod shortage;
mod shutdown_handle;

pub use blocking::{BlockingStream, is_listening};
pub use drivers::has_drivers;
pub use folder_wait::{EndWatch, Woken};
pub use forks::Maker;
pub use open::open_without_waiting;
pub use process::{
    Child, FileId, FileStamp, MaybeDeferred, OpenProgram, Output, Rlimit, SandboxRules, Signal,
    Spawn, Started, Tcp, is_absent, is_executable, start, start_or_defer,
};
pub use process_report::{ProcessState, ProcessUsage};
pub use runtime_dir::RuntimeDir;
pub use shortage::{is_passing, is_shortage, shortage_advice};
pub use shutdown_handle::ShutdownHandle;

#[cfg(test)]
pub(crate) use process::tests::confined::without_landlock as without_confinement;
