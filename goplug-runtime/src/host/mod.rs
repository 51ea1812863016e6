//! The host's side: a registry on a folder, and the handles of its plugins.
//!
//! Each room imports only from the rooms before it in this list:
//!
//! - `policy`: settings without behaviour;
//! - `install`: the files of a plugin, and whether they can be trusted;
//! - `connection`: one socket, with a request out and a response in;
//! - `output`: what a plugin's process prints, and the warnings that it causes, on their way to the host's log;
//! - `instance`: one process of a plugin;
//! - `callbacks`: what plugins call in their host;
//! - `plugin`: what outlives a process: a plugin's state, supervisor and handle;
//! - `registry`: the plugins of a folder;
//! - `blocking`: registry and handles for hosts that are not async.
//!
//! `task`, `owner`, `disk`, `looks` and `runtime`, before all of them, are a single file each: a task that
//! ends with its owner, the process that made a registry, work on the file system, looks at many files, and
//! the tokio runtime of a call. Start reading at `registry` for what users hold, at `plugin` for how a call
//! finds its process.

mod task;

mod disk;

mod looks;

mod owner;

mod runtime;

#[cfg(test)]
mod test_log;

mod policy;

mod install;

mod connection;

mod output;

mod instance;

mod callbacks;

mod plugin;

mod registry;

pub mod blocking;

pub use plugin::{InstanceStats, Latency, Learned, Plugin, ServiceStats, State, Stats};
#[cfg(feature = "remote")]
pub use policy::Remote;
pub use policy::{
    Cgroup, HealthCheck, InvalidPublicKey, OnDenied, OnUnsupported, ParentDeathSignal, Policy,
    PublicKey, Resources, Restart, Sandbox,
};
pub use registry::{DiscoveredPlugin, Event, Events, Registry, RegistryBuilder, RejectedFile};
