//! What a supervisor needs of the registry that its plugin belongs to.
//!
//! It is a trait, so that a supervisor knows no registry and can be tested without one.

use std::path::PathBuf;
use std::sync::Arc;

use super::program_watch::ProgramWatch;
use super::state::PluginState;
use crate::error::Result;
use crate::host::install::Installation;
use crate::host::instance::{Exit, Sockets};
use crate::host::policy::PluginConfiguration;
use crate::protocol::PluginId;

/// The registry, as the supervisor of one of its plugins sees it.
pub(in crate::host) trait Reporter: Send + Sync {
    /// The folder of the plugins, for error messages.
    fn folder(&self) -> PathBuf;
    /// The folder in which the sockets of plugins are bound.
    fn sockets(&self) -> Arc<Sockets>;
    /// The configuration of a plugin that its policy gives none; `None` if the host gives none.
    ///
    /// # Errors
    /// [`Error::Configuration`](crate::Error::Configuration) says why the host could not give it.
    fn configuration(&self, plugin: &Arc<PluginState>) -> Result<Option<PluginConfiguration>>;
    /// Reports what happened to a plugin.
    fn report(&self, plugin: &PluginId, event: PluginEvent);
    /// Reports that an installation cannot be used, and why.
    fn reject(&self, installation: &Installation, reason: String);
    /// Reports that an installation can be used.
    fn accept(&self, installation: &Installation);
    /// Sets which program of a plugin is looked at for a newer version, if any. When there is one,
    /// the plugin's [`recheck_program`](PluginState::recheck_program) is called.
    fn watch_program(&self, plugin: &Arc<PluginState>, watch: Option<ProgramWatch>);
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
    /// The plugin is started although this part of its sandbox cannot be enforced.
    Unconfined(String),
    /// When the broken callback stream was resumed, the plugin had discarded this many callbacks.
    CallbacksMissed(u64),
}

impl PluginEvent {
    /// What happened to a plugin that ended without being asked to by its supervisor.
    pub(super) fn ended(exit: &Exit) -> Self {
        if exit.is_orderly() { Self::Stopped } else { Self::Crashed(exit.clone()) }
    }
}
