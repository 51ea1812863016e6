//! What handles and the registry ask of a supervisor.

use tokio::sync::oneshot;

use crate::error::Result;

/// A request to the supervisor, and where its outcome goes.
pub(in crate::host) enum Command {
    /// Start the plugin, unless it runs.
    Load(oneshot::Sender<Result<()>>),
    /// The same for a call, unless the call was given up by then.
    Wake(oneshot::Sender<Result<()>>),
    /// Stop the plugin, if it runs.
    Unload(oneshot::Sender<Result<()>>),
    /// Put a new process in the place of the running one, or start the plugin.
    Reload(oneshot::Sender<Result<()>>),
    /// The registry stops: stop the plugin for good.
    Close(oneshot::Sender<Result<()>>),
}

/// What the supervisor is to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recheck {
    /// Whether the plugin still has a `.pconf`.
    Presence,
    /// The same, and what its files say by now.
    Content,
}
