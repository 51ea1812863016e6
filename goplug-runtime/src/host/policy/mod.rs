//! How a host treats a plugin: settings without behaviour.
//!
//! The first room of the host: it imports no other room. `instance` carries out what is set here
//! for start, stop, health and sandbox, `plugin` what is set for restarts. Start reading at
//! [`Policy`].

mod attached;
mod cgroup;
mod configuration;
mod environment;
mod health_check;
mod policies;
mod public_key;
#[cfg(feature = "remote")]
mod remote;
mod resources;
mod restart;
mod sandbox;

pub(in crate::host) use attached::Attached;
pub use cgroup::Cgroup;
pub(in crate::host) use configuration::PluginConfiguration;
pub use health_check::HealthCheck;
pub(in crate::host) use policies::Policies;
pub use policies::Policy;
pub use public_key::{InvalidPublicKey, PublicKey};
#[cfg(feature = "remote")]
pub use remote::Remote;
pub use resources::Resources;
pub use restart::Restart;
pub(in crate::host) use restart::RestartKind;
pub use sandbox::{OnDenied, OnUnsupported, Sandbox};

pub use crate::transport::ParentDeathSignal;
