//! The host's side: a registry on a folder, and the handles of its plugins.
//!
//! The rooms, from the bottom; each imports only from those above it in this list:
//!
//! - `policy`: settings without behaviour;
//! - `install`: what lies in the folder, and whether to trust it;
//! - `connection`: one socket: a request goes out, a response comes in;
//! - `instance`: one process of a plugin;
//! - `callbacks`: what plugins call in their host;
//! - `plugin`: what outlives a process: its state, supervisor and handle;
//! - `registry`: the plugins of a folder;
//! - `blocking`: the same for hosts that are not async.
//!
//! Start reading at `registry` for what users hold, at `plugin` for how a call finds its
//! process.

mod task;

mod policy;

mod install;

mod connection;

mod instance;

mod callbacks;

mod plugin;

mod registry;

pub mod blocking;

pub use plugin::{Plugin, State};
pub use policy::{HealthCheck, OnUnsupported, Policy, Resources, Restart, Sandbox};
pub use registry::{DiscoveredPlugin, Event, Events, Registry, RegistryBuilder};
