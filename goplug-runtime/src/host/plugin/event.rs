//! What happens to a plugin, as its registry hears it.

use std::path::PathBuf;

use crate::host::instance::Exit;
use crate::protocol::{Permission, PluginId};

/// What hears of the events of plugins: their registry.
pub(in crate::host) trait EventSink: Send + Sync {
    /// Reports what happened to a plugin.
    fn report(&self, plugin: &PluginId, event: PluginEvent);
}

/// What happened to a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) enum PluginEvent {
    /// The plugin was started and activated.
    Loaded,
    /// The plugin had crashed, and was started again and activated.
    Restarted,
    /// A new process took the place of the old one.
    Upgraded,
    /// A new process could not take the place of the old one, for this reason; the old one stays.
    UpgradeFailed(String),
    /// The process ended without being asked to, and not in good order.
    Crashed(Exit),
    /// The plugin crashed and is not restarted, for this reason, although its policy asks for
    /// restarts.
    GivenUp(String),
    /// The plugin was stopped, or ended by itself in good order.
    Stopped,
    /// Somebody serves the plugin by hand on this socket, and it is used in place of starting one.
    Attached(PathBuf),
    /// This process of the plugin was to end and was killed, and has not ended, for this reason.
    StopFailed(u32, String),
    /// The plugin is loaded from a program that may change at any time.
    InDevelopment,
    /// The plugin is started although this part of its sandbox cannot be enforced.
    Unconfined(String),
    /// These permissions that the plugin asks for are not granted, for these reasons.
    PermissionsDenied(Vec<Permission>, Vec<String>),
    /// The plugin asks for these permissions beyond those that it has had, and waits for consent.
    PermissionsRequested(Vec<Permission>),
    /// Something of the values of this client, given by its type, is lost on the way: each difference.
    ContractDrift(&'static str, Vec<String>),
    /// When the broken callback stream was resumed, the plugin had discarded this many callbacks.
    CallbacksMissed(u64),
    /// This happened to one of several instances: that of the slot with this index.
    OfInstance(usize, Box<Self>),
}

impl PluginEvent {
    /// What happened to a plugin that ended without being asked to by its supervisor.
    pub(super) fn ended(exit: &Exit) -> Self {
        if exit.is_orderly() { Self::Stopped } else { Self::Crashed(exit.clone()) }
    }
}
