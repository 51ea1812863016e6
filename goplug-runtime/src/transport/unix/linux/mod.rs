//! What only Linux has, or has in a way of its own.
//!
//! The rest of `unix` calls this folder `system`. Imports the files beside the folder.

pub(super) mod credentials;
mod folder_events;
pub(super) mod fork;
mod landlock;
mod own_program;
pub(super) mod pidfd;
mod process_state;
mod process_usage;

pub use self::landlock::{LandlockRules, Ruleset, Tcp};
pub use folder_events::{EndWatch, FolderEvents, Woken};
pub use own_program::own_program;
pub use process_state::ProcessState;
pub use process_usage::ProcessUsage;
