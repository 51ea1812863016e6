//! What the registry knows: its plugins, the files that are unusable, and the listeners to its
//! events.
//!
//! Everything is behind one lock. A change and its event happen while that lock is held, so the
//! state with which a listener begins was true at one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::aliases;
use super::consents::Consents;
use super::discovered::DiscoveredPlugin;
use super::event_log;
use super::events::Event;
use super::listeners::{Events, Listeners};
use super::plugin_events::{loaded, public};
use super::programs::Programs;
use super::rejected::{self, Rejected, RejectedFile};
use super::settings::Settings;
use super::similar;
use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::instance::Sockets;
use crate::host::plugin::{
    EventSink, PluginEvent, PluginState, ProgramWatch, Reporter, Slot, State, Supervisor,
};
use crate::host::policy::PluginConfiguration;
use crate::host::task::OwnedTask;
use crate::panic::contained;
use crate::protocol::PluginId;
use crate::transport::FileId;
use crate::typed::Provided;

/// With fewer plugins it does not matter which of them nobody has a handle of.
const RECHECKED_PLUGINS: usize = 64;

/// The plugins of a registry, with their supervisors, and the listeners to its events.
pub(super) struct Directory {
    settings: Arc<Settings>,
    sockets: Arc<Sockets>,
    programs: Arc<Programs>,
    contents: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    /// The plugins, also those whose `.pconf` is gone, as long as somebody has a handle of them.
    plugins: BTreeMap<PluginId, Entry>,
    /// Why files, or the folder itself, cannot be used.
    rejected: Rejected,
    /// What the host has consented to for plugins that are gone.
    consents: Consents,
    listeners: Listeners,
    is_closed: bool,
    /// With how many plugins it is looked again which of them nobody has a handle of.
    recheck_at: usize,
}

impl Contents {
    /// Has the plugins rechecked that are not installed, each time that there are twice as many: the
    /// last handle of some may be gone.
    fn recheck_forgotten(&mut self) {
        if self.plugins.len() < self.recheck_at.max(RECHECKED_PLUGINS) {
            return;
        }
        self.recheck_at = 2 * self.plugins.len();
        let plugins = self.plugins.values().map(|entry| &entry.plugin);
        plugins.filter(|it| it.installation().is_none()).for_each(|it| it.recheck_presence());
    }
}

struct Entry {
    plugin: Arc<PluginState>,
    /// One for each slot.
    _supervisors: Vec<OwnedTask>,
}

impl Directory {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            sockets: Arc::default(),
            programs: Arc::default(),
            contents: Mutex::default(),
        }
    }

    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    pub(super) fn sockets(&self) -> &Arc<Sockets> {
        &self.sockets
    }

    /// The programs of the plugins that are looked at for a newer version.
    pub(super) fn programs(&self) -> &Arc<Programs> {
        &self.programs
    }

    /// Adds a plugin, or sets the new `.pconf` of a known plugin; so too under each further name that the
    /// host gives it. The program is the one that the `.pconf` names, as it was when that was read.
    /// Returns the plugin under all its names; none if the directory is closed.
    pub(super) fn install(
        self: &Arc<Self>,
        installation: Installation,
        program: Option<FileId>,
    ) -> Vec<Arc<PluginState>> {
        self.clear_rejection(installation.path());
        let id = installation.id().clone();
        let aliases = self.settings.aliases.of(&id).map(|alias| installation.under(alias));
        let all: Vec<_> = aliases.chain([installation.clone()]).collect();
        all.into_iter().filter_map(|it| self.install_one(it, program.clone())).collect()
    }

    /// Adds a plugin, or sets the new `.pconf` of a known plugin. Sends an event, unless the
    /// content is the same as before.
    fn install_one(
        self: &Arc<Self>,
        mut installation: Installation,
        program: Option<FileId>,
    ) -> Option<Arc<PluginState>> {
        let id = installation.id().clone();
        installation.attached = self.settings.policies.attached.socket(&id).map(Into::into);
        let mut contents = self.lock();
        if contents.is_closed {
            return None;
        }
        contents.recheck_forgotten();
        let Contents { plugins, consents, .. } = &mut *contents;
        let entry = plugins.entry(id.clone()).or_insert_with(|| self.supervise(id, consents));
        let plugin = Arc::clone(&entry.plugin);
        plugin.note_program(program);
        let event = match plugin.installation() {
            Some(before) if *before == installation => return Some(plugin),
            Some(_) => Event::Changed { plugin: plugin.id().clone() },
            None => Event::Discovered { plugin: plugin.id().clone() },
        };
        plugin.install(installation);
        let woken = contents.listeners.send(&event);
        drop(contents);
        drop(woken);
        event_log::log(&event);
        Some(plugin)
    }

    /// Logs which plugins are to be used from another process, and are not installed, with the reason or
    /// the plugin that may be meant.
    pub(super) fn warn_of_attached(&self) {
        for id in self.settings.policies.attached.plugins().filter(|id| self.get(id).is_none()) {
            let reason = self.unknown(id.clone());
            contained(|| {
                tracing::warn!(
                    target: "goplug::discovery",
                    "GOPLUG_ATTACH names {id}, which cannot be used: {reason}"
                );
            });
        }
    }

    /// A new plugin with its supervisors, and with the consent that it had before it was gone.
    fn supervise(self: &Arc<Self>, id: PluginId, consents: &mut Consents) -> Entry {
        let policy = self.settings.policies.of(&id);
        let consent = consents.take(&id);
        let reporter: Weak<dyn Reporter> = Arc::<Self>::downgrade(self);
        let (plugin, supervisors) = Supervisor::of_plugin(id, policy, &reporter);
        if let Some(consent) = consent {
            plugin.consent(&consent);
        }
        let supervisors = supervisors.into_iter().map(|it| OwnedTask::spawn(it.run()));
        Entry { plugin, _supervisors: supervisors.collect() }
    }

    /// Starts these plugins, unless they ask for lazy loading, and those that have waited for one of
    /// them, since they need it as a service.
    pub(super) fn start(&self, changed: &[Arc<PluginState>]) {
        for plugin in changed {
            plugin.recheck_content();
        }
        if changed.is_empty() {
            return;
        }
        for Entry { plugin, .. } in self.lock().plugins.values() {
            plugin.recheck_services();
        }
    }

    /// Notes that a plugin's `.pconf` is gone, and has the plugin stopped if it runs, under each of its
    /// names.
    pub(super) fn remove(&self, id: &PluginId) {
        self.remove_one(id);
        self.settings.aliases.of(id).for_each(|alias| self.remove_one(alias));
    }

    fn remove_one(&self, id: &PluginId) {
        let mut contents = self.lock();
        let Some(entry) = contents.plugins.get(id) else { return };
        entry.plugin.uninstall();
        entry.plugin.recheck_presence();
        let event = Event::Removed { plugin: id.clone() };
        let woken = contents.listeners.send(&event);
        drop(contents);
        drop(woken);
        event_log::log(&event);
    }

    /// Notes that a file cannot be used, and which plugin it is of, if that is known. Sends an event,
    /// unless the reason is the same as before.
    pub(super) fn reject_path(&self, path: &Path, plugin: Option<PluginId>, reason: String) {
        self.reject_as(path, reason, |rejected, reason| rejected.insert(path, plugin, reason));
    }

    /// Notes that something of a path is rejected. Sends an event if that is news.
    fn reject_as(
        &self,
        path: &Path,
        reason: String,
        insert: impl FnOnce(&mut Rejected, &str) -> bool,
    ) {
        let mut contents = self.lock();
        if !insert(&mut contents.rejected, &reason) {
            return;
        }
        let event = Event::Rejected { path: path.into(), reason: reason.clone() };
        let woken = contents.listeners.send(&event);
        // A subscriber to the log may be slow, and may ask the registry something.
        drop(contents);
        drop(woken);
        rejected::log(path, &reason);
    }

    /// Notes that a file is gone or can be used.
    pub(super) fn clear_rejection(&self, path: &Path) {
        self.lock().rejected.remove(path);
    }

    /// Why a plugin is not known: its file or the folder is rejected, or there is no such plugin.
    pub(super) fn unknown(&self, id: PluginId) -> Error {
        match self.settings.aliases.plugin(&id) {
            Some(plugin) => aliases::without_plugin(id, self.missing(plugin.clone())),
            None => self.missing(id),
        }
    }

    fn missing(&self, id: PluginId) -> Error {
        let contents = self.lock();
        let folder = &self.settings.folder;
        if let Some(RejectedFile { path, reason }) = contents.rejected.of(&id, folder) {
            return Error::Rejected { path, reason };
        }
        let installed = contents.plugins.values().map(|entry| &entry.plugin);
        let known: Vec<_> = installed
            .filter(|plugin| plugin.installation().is_some())
            .map(|plugin| plugin.id().clone())
            .collect();
        let hint = similar::hint(&id, &known, contents.rejected.len());
        Error::NotFound { id, folder: folder.clone(), hint }
    }

    /// The files that cannot be used, sorted by their paths.
    pub(super) fn rejected(&self) -> Vec<RejectedFile> {
        self.lock().rejected.list()
    }

    /// A plugin by its id, even if its `.pconf` is gone.
    pub(super) fn get(&self, id: &PluginId) -> Option<Arc<PluginState>> {
        self.lock().plugins.get(id).map(|entry| Arc::clone(&entry.plugin))
    }

    /// Every plugin that has a `.pconf` or is embedded, sorted by namespace and name.
    pub(super) fn installed(&self) -> Vec<(Arc<PluginState>, Arc<Installation>)> {
        let contents = self.lock();
        contents
            .plugins
            .values()
            .filter_map(|entry| Some((Arc::clone(&entry.plugin), entry.plugin.installation()?)))
            .collect()
    }

    /// A new listener, which first gets the present state.
    pub(super) fn events(&self) -> Events {
        let mut contents = self.lock();
        let mut state = Vec::new();
        for Entry { plugin, .. } in contents.plugins.values() {
            if plugin.installation().is_some() {
                state.push(Event::Discovered { plugin: plugin.id().clone() });
            }
            if plugin.state() == State::Loaded {
                state.push(Event::Loaded { plugin: plugin.id().clone() });
                let serving = plugin.serving().into_iter();
                state.extend(serving.map(|slot| loaded(plugin.id(), slot)));
            }
        }
        let rejected = contents.rejected.list().into_iter();
        state
            .extend(rejected.map(|RejectedFile { path, reason }| Event::Rejected { path, reason }));
        contents.listeners.add(state)
    }

    /// Closes the directory, which then takes no further plugins. Returns all plugins, which the
    /// caller has to stop.
    pub(super) fn close(&self) -> Vec<Arc<PluginState>> {
        let mut contents = self.lock();
        contents.is_closed = true;
        contents.plugins.values().map(|entry| Arc::clone(&entry.plugin)).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Ends every listener's stream of events.
    pub(super) fn close_events(&self) {
        let woken = self.lock().listeners.clear();
        drop(woken);
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Directory {
    fn report(&self, plugin: &PluginId, event: PluginEvent) {
        let event = public(plugin.clone(), event);
        let woken = self.lock().listeners.send(&event);
        drop(woken);
        event_log::log(&event);
    }
}

impl Reporter for Directory {
    fn folder(&self) -> PathBuf {
        self.settings.folder.clone()
    }

    fn sockets(&self) -> Arc<Sockets> {
        Arc::clone(&self.sockets)
    }

    fn configuration(&self, plugin: &Arc<PluginState>) -> Result<Option<PluginConfiguration>> {
        let function = self.settings.configure_with.as_ref().zip(plugin.installation());
        let Some((function, installation)) = function else { return Ok(None) };
        function.configuration(&DiscoveredPlugin::new(plugin, installation))
    }

    fn provided(&self, service: &str) -> Option<Arc<Provided>> {
        self.settings.services.get(service).map(Arc::clone)
    }

    fn installed(&self) -> Vec<(Arc<PluginState>, Arc<Installation>)> {
        Self::installed(self)
    }

    fn reject(&self, installation: &Installation, instance: Option<usize>, reason: String) {
        let (path, id) = (installation.path(), installation.id());
        self.reject_as(path, reason, |rejected, reason| {
            rejected.insert_start(path, id, instance, reason)
        });
    }

    fn watch_program(&self, slot: &Slot, watch: Option<ProgramWatch>) {
        self.programs.set(slot, watch);
    }

    fn forget(&self, plugin: &Arc<PluginState>) -> bool {
        let mut contents = self.lock();
        // The directory and the supervisors have a plugin that nobody has a handle of.
        let owners = 1 + plugin.slots();
        let is_unused = plugin.installation().is_none() && Arc::strong_count(plugin) <= owners;
        let entry = is_unused.then(|| contents.plugins.remove(plugin.id()));
        if is_unused && let Some(consent) = plugin.consented() {
            contents.consents.keep(plugin.id().clone(), consent);
        }
        // What the plugin's handlers have captured is dropped without the lock.
        drop(contents);
        entry.flatten().is_some()
    }

    fn accept(&self, installation: &Installation, instance: Option<usize>) {
        let (path, id) = (installation.path(), installation.id());
        self.lock().rejected.remove_starts(path, id, instance);
    }
}
