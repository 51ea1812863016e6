//! A plugin, which outlives its processes: its state, its supervisor, and how a call finds an
//! instance.
//!
//! Handles and supervisors share one [`PluginState`]. A [`Supervisor`] is the only task that starts,
//! watches, replaces and stops the instance of its slot; calls do not pass through it. A plugin has one
//! slot, or as many as its policy says. The slots share everything that outlives a process: policy,
//! files, callbacks, clients and their contracts, counters, and the lock under which a call takes an
//! instance. So a plugin with one instance is the plain case, and not a group of one. The room imports
//! `policy`, `install`, `connection`, `instance` and `callbacks`. It knows no registry, and reports
//! to one through the trait [`Reporter`]. Start reading at `handle` for the way of a call, at
//! `supervisor` for everything that happens to a process.

mod availability;
mod binding;
mod changes;
mod choice;
mod command;
mod configurations;
mod consent;
mod contracts;
mod event;
mod grants;
mod handle;
mod instance_statistics;
mod learned;
mod metrics;
mod program_watch;
mod reporter;
mod restarts;
mod retry;
mod service_statistics;
mod services;
mod serving;
mod slot;
mod slots;
mod state;
mod statistics;
mod supervisor;
mod upgrades;

pub use availability::State;
pub(in crate::host) use command::{Command, Replacement};
pub(in crate::host) use event::{EventSink, PluginEvent};
pub use handle::Plugin;
pub use instance_statistics::InstanceStats;
pub use learned::Learned;
pub(in crate::host) use program_watch::ProgramWatch;
pub(in crate::host) use reporter::Reporter;
pub(in crate::host) use retry::{
    call_blocking, call_for_stream_blocking, call_with_progress_blocking,
};
pub use service_statistics::ServiceStats;
pub(in crate::host) use slot::{Slot, WeakSlot};
pub(in crate::host) use state::PluginState;
pub use statistics::{Latency, Stats};
pub(in crate::host) use supervisor::Supervisor;
