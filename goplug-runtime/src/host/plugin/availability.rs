//! Where a plugin stands, and what a call can expect where nothing serves.

use crate::error::Error;
use crate::host::instance::CallGuard;
use crate::protocol::PluginId;

/// Where a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Not in service: it crashed, and may be about to be restarted; its file is gone; or
    /// the registry has stopped.
    Stopped,
    /// Known and ready to be loaded; or idle, and started by the next call.
    Discovered,
    /// Started, activated, and answering calls.
    Loaded,
}

/// What a call can expect where nothing serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    /// Nothing, until somebody loads the plugin.
    None,
    /// The same, for this reason.
    GivenUp(String),
    /// A restart, which is on its way.
    Restart,
    /// A start as soon as there is a call.
    OnDemand,
}

/// An attempt to begin a call at once.
pub(super) enum Acquired {
    Instance(CallGuard),
    /// Nothing serves.
    Nothing(Availability),
}

impl Availability {
    /// Whether another instance is to come without anybody loading the plugin.
    pub(super) fn is_to_come(&self) -> bool {
        matches!(self, Self::Restart | Self::OnDemand)
    }

    /// The error of a call to a plugin in this state, which serves nothing.
    pub(super) fn error(&self, id: &PluginId, state: State) -> Error {
        let reason = match (self, state) {
            (Self::GivenUp(reason), _) => format!("it was given up: {reason}"),
            (Self::Restart, _) => "it is being restarted, which takes too long".into(),
            (Self::OnDemand, _) => "it is being started, which takes too long".into(),
            (Self::None, State::Stopped) => "it is stopped".into(),
            (Self::None, State::Discovered | State::Loaded) => "it is not loaded".into(),
        };
        Error::Unavailable { id: id.clone(), reason }
    }
}
