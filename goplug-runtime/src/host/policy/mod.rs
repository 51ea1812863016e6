//! How a host treats a plugin: settings without behaviour.
//!
//! The first room of the host: it imports none of the others. What is set here is carried out
//! in `instance` (start, stop, health, sandbox) and in `plugin` (restarts). Start reading at
//! [`Policy`].

mod health_check;
mod policies;
mod resources;
mod restart;
mod sandbox;

pub use health_check::HealthCheck;
pub(in crate::host) use policies::Policies;
pub use policies::Policy;
pub use resources::Resources;
pub use restart::Restart;
pub(in crate::host) use restart::RestartKind;
pub use sandbox::{OnUnsupported, Sandbox};
