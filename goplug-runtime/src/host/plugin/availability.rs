//! The state of a plugin, and what a call can expect while no instance is there to take it.

use crate::error::Error;
use crate::host::instance::CallGuard;
use crate::host::runtime;
use crate::protocol::PluginId;

/// The state of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The plugin does not run and is not ready to be loaded: it crashed, and is perhaps about
    /// to be restarted; its file is gone; or the registry has stopped.
    Stopped,
    /// The plugin is known and ready to be loaded. Or it was stopped because it was idle, and the
    /// next call starts it.
    Discovered,
    /// The plugin is started and activated, and takes calls.
    Loaded,
}

/// What a call can expect while a plugin has no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    /// No instance, until somebody loads the plugin.
    NotLoaded,
    /// No instance any more: the runtime of the registry is gone, and the supervisor with it.
    RuntimeGone,
    /// No instance until somebody loads the plugin, since restarts were given up for this reason.
    GivenUp(String),
    /// A restart is on its way, after a start that failed for this reason if there is one.
    Restarting(Option<String>),
    /// The next call starts the plugin.
    OnDemand,
}

/// The result of an attempt to begin a call without waiting.
pub(super) enum Acquired {
    Call(CallGuard),
    NoInstance {
        availability: Availability,
        /// Of which of the plugin's slots that is.
        slot: usize,
    },
}

impl Availability {
    /// Whether a restart is on its way.
    pub(super) fn is_restarting(&self) -> bool {
        matches!(self, Self::Restarting(_))
    }

    /// Whether the plugin gets another instance without being loaded.
    pub(super) fn expects_instance(&self) -> bool {
        self.is_restarting() || *self == Self::OnDemand
    }

    /// The order in which the slots of a plugin without an instance are asked what a call can expect: the
    /// lowest comes first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::RuntimeGone => 0,
            // A call that can start an instance does not wait for the back-off of another.
            Self::OnDemand => 1,
            Self::Restarting(_) => 2,
            Self::GivenUp(_) => 3,
            Self::NotLoaded => 4,
        }
    }

    /// The error of a call that no instance took.
    pub(super) fn error(&self, id: &PluginId, state: State) -> Error {
        let reason = match (self, state) {
            (Self::GivenUp(reason), _) => format!("it was given up: {reason}"),
            (Self::Restarting(None), _) => "it is being restarted, which takes too long".into(),
            (Self::Restarting(Some(reason)), _) => {
                format!("it is being restarted; the last start has failed: {reason}")
            }
            (Self::OnDemand, _) => "it is being started, which takes too long".into(),
            (Self::RuntimeGone, _) => return Error::Runtime(runtime::GONE),
            (Self::NotLoaded, State::Stopped) => "it is stopped".into(),
            (Self::NotLoaded, State::Discovered | State::Loaded) => "it is not loaded".into(),
        };
        Error::Unavailable { id: id.clone(), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_call_says_why_the_restarts_fail() {
        let id = PluginId::new("P", "").unwrap();
        let restarting = Availability::Restarting(Some("the disk is full".into()));
        let error = restarting.error(&id, State::Stopped).to_string();
        assert_eq!(
            error,
            "P is not available: it is being restarted; the last start has failed: the disk is full"
        );
    }
}
