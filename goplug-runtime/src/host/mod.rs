//! The host's side: a registry on a folder, and the handles of its plugins.
//!
//! `registry` is what users hold; `discovery` keeps it level with its folder. Each plugin
//! has one owner, its `supervisor`: a task that alone starts, watches and stops the
//! plugin's process (`process`, `launch`). Calls do not pass through that task: a `handle`
//! takes the current `service` and an idle `connection` of it, and drives both in the
//! caller's own task. `callbacks` come in on a stream of their own, and `legacy` holds
//! what only plugins of the original GoPlug need.

mod builder;
mod callbacks;
mod connection;
mod directory;
mod discovery;
mod event;
mod handle;
mod installed;
mod launch;
mod legacy;
mod output;
mod process;
mod registry;
mod response;
mod service;
mod supervisor;
mod watch;

pub use builder::RegistryBuilder;
pub use event::{Event, Events};
pub use handle::{Plugin, State};
pub use registry::{DiscoveredPlugin, Registry};
