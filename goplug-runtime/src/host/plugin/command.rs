//! What handles and the registry ask of a supervisor.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::changes::Change;
use crate::error::Result;
use crate::host::policy::PluginConfiguration;

/// Who waits for the result of a command, and what it was sent into.
pub(in crate::host) struct Request {
    result: oneshot::Sender<Result<()>>,
    /// How often the plugin had been asked to stop when the command was sent.
    pub(super) stops: u64,
    /// Keeps a plugin whose instances are replaced one after another from being stopped as idle.
    pub(super) change: Option<Change>,
}

impl Request {
    pub(super) fn new() -> (Self, oneshot::Receiver<Result<()>>) {
        let (result, receiver) = oneshot::channel();
        (Self { result, stops: 0, change: None }, receiver)
    }

    /// The result is dropped if nobody waits for it any more.
    pub(super) fn answer(self, result: Result<()>) {
        drop(self.result.send(result));
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.result.is_closed()
    }
}

/// What a supervisor is asked for, and who asks.
pub(in crate::host) enum Command {
    /// Start the plugin, unless it runs.
    Load(Request),
    /// Start the plugin for a call, unless it runs or the call was dropped meanwhile.
    LoadOnDemand(Request),
    /// Stop the plugin, if it runs.
    Unload(Request),
    /// Replace the running process by a new one, or start the plugin.
    Reload(Request),
    /// Replace the running process by one of what is installed now, since the host has consented to what that
    /// asks for.
    Upgrade(Request),
    /// Replace the running process by a new one with this configuration, which further ones get too.
    Reconfigure(Arc<PluginConfiguration>, Request),
    /// Stop the plugin for good, because the registry stops.
    Close(Request),
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

    pub(super) fn request(&mut self) -> &mut Request {
        match self {
            Self::Load(request)
            | Self::LoadOnDemand(request)
            | Self::Unload(request)
            | Self::Reload(request)
            | Self::Upgrade(request)
            | Self::Reconfigure(_, request)
            | Self::Close(request) => request,
        }
    }

    pub(super) fn into_request(self) -> Request {
        match self {
            Self::Load(request)
            | Self::LoadOnDemand(request)
            | Self::Unload(request)
            | Self::Reload(request)
            | Self::Upgrade(request)
            | Self::Reconfigure(_, request)
            | Self::Close(request) => request,
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
