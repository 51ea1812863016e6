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
    /// Replace the running process by one of what is installed now, since the host has consented to what that
    /// asks for.
    Upgrade(oneshot::Sender<Result<()>>),
    /// Replace the running process by a new one with this configuration, which further ones get too.
    Reconfigure(PluginConfiguration, oneshot::Sender<Result<()>>),
    /// Stop the plugin for good, because the registry stops.
    Close(oneshot::Sender<Result<()>>),
}

/// Which supervisors of a plugin a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All whose slots get an instance. It is enough if one of them succeeds.
    AllInUse,
    /// All.
    All,
    /// All, and their plugin has no further instances.
    AllForGood,
    /// One after another: each passes the command on when it has succeeded.
    InTurn,
}

impl Command {
    pub(super) fn reach(&self) -> Reach {
        match self {
            Self::Load(_) | Self::LoadOnDemand(_) => Reach::AllInUse,
            Self::Unload(_) => Reach::All,
            Self::Close(_) => Reach::AllForGood,
            Self::Reload(_) | Self::Upgrade(_) | Self::Reconfigure(..) => Reach::InTurn,
        }
    }
}

/// What the supervisor is to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recheck {
    /// Whether the plugin still has a `.pconf`.
    Presence,
    /// Whether the plugin still has a `.pconf`, and whether its files have changed.
    Content,
}
