//! What a supervisor tells, and needs of, the registry that its plugin belongs to.

use std::path::PathBuf;
use std::sync::Arc;

use crate::host::install::Installation;
use crate::host::instance::{Exit, Sockets};
use crate::protocol::PluginId;

/// The registry, as the supervisor of one of its plugins sees it.
pub(in crate::host) trait Reporter: Send + Sync {
    /// The folder of the plugins, which an error names.
    fn folder(&self) -> PathBuf;
    /// Where sockets of plugins are bound.
    fn sockets(&self) -> Arc<Sockets>;
    /// Something happened to the plugin.
    fn report(&self, plugin: &PluginId, change: Change);
    /// What is installed cannot be used, for this reason.
    fn reject(&self, installation: &Installation, reason: String);
    /// What is installed can be used.
    fn accept(&self, installation: &Installation);
}

/// Something that happened to a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) enum Change {
    /// It was started and activated.
    Loaded,
    /// It had crashed, and was started again and activated.
    Restarted,
    /// A new process took the place of the old one.
    Upgraded,
    /// A new process could not take the place of the old one, which goes on, for this reason.
    UpgradeFailed(String),
    /// It ended without being asked to.
    Crashed(Exit),
    /// It crashed, and is not started again, for this reason, though its policy would have it
    /// run.
    GivenUp(String),
    /// It was stopped.
    Stopped,
    /// It is started although this part of its sandbox cannot be enforced.
    Unconfined(String),
    /// It no longer held this many callbacks when its broken stream was resumed.
    CallbacksMissed(u64),
}
