//! What a supervisor needs of the registry that its plugin belongs to.
//!
//! It is a trait, so that a supervisor knows no registry and can be tested without one.

use std::path::PathBuf;
use std::sync::Arc;

use super::event::EventSink;
use super::program_watch::ProgramWatch;
use super::slot::Slot;
use super::state::PluginState;
use crate::error::Result;
use crate::host::install::Installation;
use crate::host::instance::Sockets;
use crate::host::policy::PluginConfiguration;
use crate::typed::Provided;

/// The registry, as the supervisor of one of its plugins sees it.
pub(in crate::host) trait Reporter: EventSink {
    /// The folder of the plugins, for error messages.
    fn folder(&self) -> PathBuf;
    /// The folder in which the sockets of plugins are bound.
    fn sockets(&self) -> Arc<Sockets>;
    /// The configuration of a plugin that its policy gives none; `None` if the host gives none.
    ///
    /// # Errors
    /// [`Error::Configuration`](crate::Error::Configuration) says why the host could not give it.
    fn configuration(&self, plugin: &Arc<PluginState>) -> Result<Option<PluginConfiguration>>;
    /// The value that the host provides as this service, if any.
    fn provided(&self, service: &str) -> Option<Arc<Provided>>;
    /// Every plugin that is installed.
    fn installed(&self) -> Vec<(Arc<PluginState>, Arc<Installation>)>;
    /// Reports that an installation does not start, and why: one of several instances, or the plugin.
    fn reject(&self, installation: &Installation, instance: Option<usize>, reason: String);
    /// Reports that an installation starts: one of several instances, or the plugin.
    fn accept(&self, installation: &Installation, instance: Option<usize>);
    /// Sets which program of a slot is looked at for a newer version, if any. When there is one,
    /// the slot's [`recheck_program`](Slot::recheck_program) is called.
    fn watch_program(&self, slot: &Slot, watch: Option<ProgramWatch>);
    /// Forgets a plugin that is not installed, and tells whether it has: it is kept as long as somebody
    /// has a handle of it. Its supervisors have to end then.
    fn forget(&self, plugin: &Arc<PluginState>) -> bool;
}
