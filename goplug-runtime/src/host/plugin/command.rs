//! What handles and the registry ask of a supervisor.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::changes::Change;
use crate::error::{Error, Result};
use crate::host::policy::PluginConfiguration;

/// What the supervisors of a plugin are asked for.
#[derive(Clone)]
pub(in crate::host) enum Command {
    /// Start the plugin, unless it runs.
    Load,
    /// Start the plugin for a call, unless it runs or the call was dropped meanwhile.
    LoadOnDemand,
    /// Stop the plugin, if it runs.
    Unload,
    /// Replace the running process by a new one.
    Replace(Replacement),
    /// Stop the plugin for good, because the registry stops.
    Close,
}

/// How the running process of a plugin is replaced by a new one.
#[derive(Clone)]
pub(in crate::host) enum Replacement {
    /// Even if nothing has changed. If none runs, the plugin is started.
    Reload,
    /// By one of what is installed now, since the host has consented to what that asks for.
    Upgrade,
    /// By one with this configuration, which further ones get too.
    Reconfigure(Arc<PluginConfiguration>),
    /// By one with the configuration of the plugin, since another one has failed with the slot of this index:
    /// that of the slots before it.
    Restore { before: usize },
}

/// A command to one supervisor: who waits for its result, and what it was sent into.
pub(in crate::host) struct Request {
    pub(super) command: Command,
    result: oneshot::Sender<Result<()>>,
    /// How often the plugin had been asked to stop when the command was sent.
    pub(super) stops: u64,
    /// What ends it, whatever becomes of it from here on.
    failure: Option<Error>,
    _roll: Option<Roll>,
}

/// What a request has that replaces the instances of a plugin one after another.
pub(super) struct Roll {
    /// Keeps the plugin from being stopped as idle.
    pub(super) _change: Change,
    /// Keeps everything else that would replace its instances waiting.
    pub(super) _turn: OwnedSemaphorePermit,
}

impl Request {
    pub(super) fn new(
        command: Command,
        stops: u64,
        roll: Option<Roll>,
    ) -> (Self, oneshot::Receiver<Result<()>>) {
        let (result, receiver) = oneshot::channel();
        (Self { command, result, stops, failure: None, _roll: roll }, receiver)
    }

    /// The result is dropped if nobody waits for it any more.
    pub(super) fn answer(self, result: Result<()>) {
        drop(self.result.send(self.failure.map_or(result, Err)));
    }

    /// The request that has failed with the slot of this index, as one that leaves the slots before it with
    /// the configuration that they had.
    pub(super) fn restoring(self, before: usize, failure: Error) -> Self {
        let command = Command::Replace(Replacement::Restore { before });
        Self { command, failure: Some(failure), ..self }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.result.is_closed()
    }
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
            Self::Load | Self::LoadOnDemand => Reach::AllInUse,
            Self::Unload => Reach::All,
            Self::Close => Reach::AllForGood,
            Self::Replace(_) => Reach::InTurn,
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
