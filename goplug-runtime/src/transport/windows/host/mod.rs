//! What only a host needs of Windows: plugins' processes, blocking connections, events of a folder.
//!
//! Imports the files beside this folder. Start reading at `process/mod.rs`.

mod blocking;
mod drivers;
mod environment;
mod file_name;
mod file_stamp;
mod folder_events;
mod forks;
mod notification;
mod process;
mod process_report;
mod program_path;
mod runtime_dir;
mod shortage;
mod shutdown_handle;

pub use crate::transport::no_cgroup::Cgroup;
pub use blocking::{BlockingStream, is_listening};
pub use drivers::has_drivers;
pub(in crate::transport) use environment::INHERITED;
pub use environment::variable_name;
pub use file_name::has_extension;
pub use file_stamp::FileStamp;
pub use folder_events::{EndWatch, FolderEvents};
pub use forks::Maker;
pub use process::{Child, OpenProgram, Output, Ruleset, exit_text, own_program, start_or_defer};
pub use program_path::{default_path, is_executable, program_at};
pub use runtime_dir::RuntimeDir;
pub use shortage::{is_passing, is_shortage, shortage_advice};
pub use shutdown_handle::ShutdownHandle;
