//! The host's side: a registry on a folder, and the handles of its plugins.
//!
//! `registry` is what users hold; `discovery` keeps it level with its folder. Each plugin
//! has one owner, its `supervisor`: a task that alone starts, watches and stops the
//! plugin's process (`process`, `launch`). Calls do not pass through that task: a `handle`
//! takes the current `service` and an idle `connection` of it, and drives both in the
//! caller's own task. `callbacks` come in on a stream of their own.

pub mod blocking;
mod builder;
mod call;
mod callbacks;
mod clock;
mod connection;
mod core;
mod digest;
mod directory;
mod discovery;
mod endpoint;
mod event;
mod handle;
mod health;
mod installed;
mod launch;
mod output;
mod pipeline;
mod policy;
mod pool;
mod preparation;
mod process;
mod registry;
mod resources;
mod response;
mod restart;
mod run;
mod sandbox;
mod service;
mod settings;
mod sockets;
mod stream;
mod supervisor;
mod task;
mod trust;
mod watch;

pub use builder::RegistryBuilder;
pub use core::State;
pub use event::{Event, Events};
pub use handle::Plugin;
pub use health::HealthCheck;
pub use policy::Policy;
pub use registry::{DiscoveredPlugin, Registry};
pub use resources::Resources;
pub use restart::Restart;
pub use sandbox::Sandbox;
