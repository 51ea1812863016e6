//! What handles and the registry ask of a supervisor.

use tokio::sync::oneshot;

use crate::error::Result;
use crate::host::policy::PluginConfiguration;

/// A request to the supervisor, with the sender for its result.
pub(in crate::host) enum Command {
    /// Start the plugin, unless it runs.
    Load(oneshot::Sender<Result<()>>),
    /// Start the plugin for a call, unless it runs or the call was dropped meanwhile.
    LoadOnDemand(oneshot::Sender<Result<()>>),
    /// Stop the plugin, if it runs.
    Unload(oneshot::Sender<Result<()>>),
    /// Replace the running process by a new one, or start the plugin.
    Reload(oneshot::Sender<Result<()>>),
    /// Replace the running process by a new one with this configuration, which further ones get too.
    Reconfigure(PluginConfiguration, oneshot::Sender<Result<()>>),
    /// Stop the plugin for good, because the registry stops.
    Close(oneshot::Sender<Result<()>>),
}

/// What the supervisor is to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recheck {
    /// Whether the plugin still has a `.pconf`.
    Presence,
    /// Whether the plugin still has a `.pconf`, and whether its files have changed.
    Content,
}
