//! A plugin beyond any one process of it: where it stands, who starts and stops it, how a call
//! finds an instance.
//!
//! Handles and the supervisor share one [`PluginState`]. The [`Supervisor`] is a task that alone
//! starts, watches, replaces and stops instances; calls do not pass through it. The room imports
//! `policy`, `install`, `instance` and `callbacks`, and knows no registry: what it has to tell
//! one goes through the trait [`Reporter`]. Start reading at `handle` for the way of a call, at
//! `supervisor` for everything that happens to a process.

mod availability;
mod command;
mod handle;
mod reporter;
mod restarts;
mod retry;
mod state;
mod supervisor;

pub use availability::State;
pub(in crate::host) use command::Command;
pub use handle::Plugin;
pub(in crate::host) use reporter::{Change, Reporter};
pub(in crate::host) use retry::call_blocking;
pub(in crate::host) use state::PluginState;
pub(in crate::host) use supervisor::Supervisor;
