//! The registry's books: which plugins there are, which files are unusable, and who listens.
//! Every change and its event happen under one lock, so that a listener's picture was true at
//! one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc;

use super::events::{Event, Events, Listeners};
use super::settings::Settings;
use crate::error::Error;
use crate::host::install::Installation;
use crate::host::instance::{Exit, Instance, Sockets};
use crate::host::plugin::{Change, PluginState, Reporter, State, Supervisor};
use crate::host::task::OwnedTask;
use crate::limits;
use crate::protocol::{PluginId, pconf};

pub(super) struct Directory {
    settings: Arc<Settings>,
    sockets: Arc<Sockets>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    plugins: BTreeMap<PluginId, Known>,
    rejected: BTreeMap<PathBuf, String>,
    listeners: Listeners,
    closed: bool,
}

struct Known {
    plugin: Arc<PluginState>,
    _supervisor: OwnedTask,
}

impl Directory {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), sockets: Arc::default(), books: Mutex::default() }
    }

    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    pub(super) fn sockets(&self) -> &Arc<Sockets> {
        &self.sockets
    }

    /// Enters a plugin, or the new `.pconf` of a known one; a file that says the same as before
    /// is no news. `None` once the books are closed.
    pub(super) fn install(
        self: &Arc<Self>,
        installation: Installation,
    ) -> Option<Arc<PluginState>> {
        let id = installation.id().clone();
        let mut books = self.lock();
        if books.closed {
            return None;
        }
        books.rejected.remove(installation.path());
        let known = books.plugins.contains_key(&id);
        let plugin =
            Arc::clone(&books.plugins.entry(id.clone()).or_insert_with(|| self.adopt(id)).plugin);
        let event = match plugin.installation().filter(|_| known) {
            Some(before) if *before == installation => return Some(plugin),
            Some(_) => Event::Changed { plugin: plugin.id().clone() },
            None => Event::Discovered { plugin: plugin.id().clone() },
        };
        plugin.install(installation);
        books.listeners.send(&event);
        Some(plugin)
    }

    fn adopt(self: &Arc<Self>, id: PluginId) -> Known {
        let (sender, commands) = mpsc::channel(limits::COMMAND_QUEUE);
        let policy = self.settings.policies.of(&id);
        let plugin = Arc::new(PluginState::new(id, policy, sender));
        let reporter: Weak<dyn Reporter> = Arc::<Self>::downgrade(self);
        let supervisor = Supervisor::new(Arc::clone(&plugin), reporter, commands);
        Known { plugin, _supervisor: OwnedTask::spawn(supervisor.run()) }
    }

    /// A plugin's `.pconf` is gone: the plugin is stopped if it runs.
    pub(super) fn remove(&self, id: &PluginId) {
        let mut books = self.lock();
        let Some(known) = books.plugins.get(id) else { return };
        known.plugin.uninstall();
        known.plugin.recheck_presence();
        books.listeners.send(&Event::Removed { plugin: id.clone() });
    }

    /// A file cannot be used. The same reason again is no news.
    pub(super) fn reject_path(&self, path: &Path, reason: String) {
        let mut books = self.lock();
        if books.rejected.get(path) != Some(&reason) {
            books.rejected.insert(path.into(), reason.clone());
            books.listeners.send(&Event::Rejected { path: path.into(), reason });
        }
    }

    /// A file that could not be used is gone, or can be used now.
    pub(super) fn forget(&self, path: &Path) {
        self.lock().rejected.remove(path);
    }

    /// Why a plugin that nobody knows may yet be there: the folder cannot be used, or the
    /// file that bears its name.
    pub(super) fn rejection(&self, id: &PluginId) -> Option<Error> {
        let books = self.lock();
        let folder = &self.settings.folder;
        let file = folder.join(format!("{id}.{}", pconf::EXTENSION));
        [folder, &file].into_iter().find_map(|path| {
            let reason = books.rejected.get(path)?.clone();
            Some(Error::Rejected { path: path.clone(), reason })
        })
    }

    /// A plugin that is known, whether or not its `.pconf` is still there.
    pub(super) fn known(&self, id: &PluginId) -> Option<Arc<PluginState>> {
        self.lock().plugins.get(id).map(|known| Arc::clone(&known.plugin))
    }

    /// Every plugin that has a `.pconf`, sorted by namespace and name.
    pub(super) fn installations(&self) -> Vec<(Arc<PluginState>, Arc<Installation>)> {
        let books = self.lock();
        books
            .plugins
            .values()
            .filter_map(|known| Some((Arc::clone(&known.plugin), known.plugin.installation()?)))
            .collect()
    }

    /// Every plugin that runs, with its instance.
    pub(super) fn running(&self) -> Vec<(Arc<PluginState>, Arc<Instance>)> {
        let books = self.lock();
        let plugins = books.plugins.values().map(|known| &known.plugin);
        plugins.filter_map(|plugin| Some((Arc::clone(plugin), plugin.instance()?))).collect()
    }

    pub(super) fn events(&self) -> Events {
        let mut books = self.lock();
        let mut state = Vec::new();
        for Known { plugin, .. } in books.plugins.values() {
            if plugin.installation().is_some() {
                state.push(Event::Discovered { plugin: plugin.id().clone() });
            }
            if plugin.state() == State::Loaded {
                state.push(Event::Loaded { plugin: plugin.id().clone() });
            }
        }
        for (path, reason) in &books.rejected {
            state.push(Event::Rejected { path: path.clone(), reason: reason.clone() });
        }
        books.listeners.add(state)
    }

    /// Closes the books: the plugins to be stopped, whose supervisors the caller
    /// keeps until that is done.
    pub(super) fn close(&self) -> Vec<Arc<PluginState>> {
        let mut books = self.lock();
        books.closed = true;
        books.plugins.values().map(|known| Arc::clone(&known.plugin)).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Ends every stream of events.
    pub(super) fn end_events(&self) {
        self.lock().listeners.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Directory {
    fn folder(&self) -> PathBuf {
        self.settings.folder.clone()
    }

    fn sockets(&self) -> Arc<Sockets> {
        Arc::clone(&self.sockets)
    }

    fn report(&self, plugin: &PluginId, change: Change) {
        let plugin = plugin.clone();
        let event = match change {
            Change::Loaded => Event::Loaded { plugin },
            Change::Restarted => Event::Restarted { plugin },
            Change::Upgraded => Event::Upgraded { plugin },
            Change::UpgradeFailed(reason) => Event::UpgradeFailed { plugin, reason },
            Change::Crashed(Exit { status, stderr, .. }) => {
                Event::Crashed { plugin, status, stderr }
            }
            Change::GivenUp(reason) => Event::GivenUp { plugin, reason },
            Change::Stopped => Event::Stopped { plugin },
            Change::Unconfined(reason) => Event::Unconfined { plugin, reason },
            Change::CallbacksMissed(count) => Event::CallbacksMissed { plugin, count },
        };
        self.lock().listeners.send(&event);
    }

    fn reject(&self, installation: &Installation, reason: String) {
        self.reject_path(installation.path(), reason);
    }

    fn accept(&self, installation: &Installation) {
        self.forget(installation.path());
    }
}
