//! What only a host needs of the platform: plugins' processes, blocking connections, and the folder
//! of its sockets.
//!
//! Imports the files beside this folder. Start reading at `process/mod.rs`.

mod blocking;
mod drivers;
mod environment;
mod file_name;
mod file_stamp;
pub(in crate::transport::unix) mod folder_wait;
mod forks;
mod open;
pub(in crate::transport::unix) mod process;
mod process_state;
mod runtime_dir;
mod shortage;
mod shutdown_handle;

pub use blocking::{BlockingStream, is_listening};
pub use drivers::has_drivers;
pub(in crate::transport) use environment::INHERITED;
pub use environment::variable_name;
pub use file_name::has_extension;
pub use file_stamp::FileStamp;
pub use folder_wait::EndWatch;
pub use forks::Maker;
pub use open::{open_unchanging, open_without_waiting};
pub use process::{
    Child, OpenProgram, Output, default_path, exit_text, is_executable, program_at, start_or_defer,
};
pub use runtime_dir::RuntimeDir;
pub use shortage::{is_passing, is_shortage, shortage_advice};
pub use shutdown_handle::ShutdownHandle;

#[cfg(all(test, feature = "plugin"))]
pub(crate) use process::Unkillable;
#[cfg(test)]
pub(crate) use process::tests::confined::without_landlock as without_confinement;
