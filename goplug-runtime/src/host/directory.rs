//! The registry's books: which plugins there are, which files are unusable, and who
//! wants to hear of it. Every change and its event happen under one lock, so that a
//! listener's picture is always one that was true.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::core::{Core, State};
use super::event::{Event, Events, Listeners};
use super::installed::Installed;
use super::service::Service;
use super::settings::Settings;
use super::sockets::Sockets;
use super::supervisor::Supervisor;
use super::task::OwnedTask;
use crate::error::Error;
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
    core: Arc<Core>,
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

    /// Enters a plugin, or the new `.pconf` of a known one; one that says the same as
    /// before is no news. `None` once the books are closed.
    pub(super) fn install(self: &Arc<Self>, installed: Installed) -> Option<Arc<Core>> {
        let id = installed.id().clone();
        let mut books = self.lock();
        if books.closed {
            return None;
        }
        books.rejected.remove(installed.path());
        let known = books.plugins.contains_key(&id);
        let core =
            Arc::clone(&books.plugins.entry(id.clone()).or_insert_with(|| self.adopt(id)).core);
        let event = match core.installed().filter(|_| known) {
            Some(before) if *before == installed => return Some(core),
            Some(_) => Event::Changed { plugin: core.id().clone() },
            None => Event::Discovered { plugin: core.id().clone() },
        };
        core.install(installed);
        books.listeners.tell(&event);
        Some(core)
    }

    fn adopt(self: &Arc<Self>, id: PluginId) -> Known {
        let (sender, commands) = mpsc::channel(limits::COMMAND_QUEUE);
        let policy = self.settings.policies.of(&id);
        let core = Arc::new(Core::new(id, policy, sender));
        let supervisor = Supervisor::new(Arc::clone(&core), Arc::downgrade(self), commands);
        Known { core, _supervisor: OwnedTask::spawn(supervisor.run()) }
    }

    /// A plugin's `.pconf` is gone: the plugin is stopped if it runs.
    pub(super) fn remove(&self, id: &PluginId) {
        let mut books = self.lock();
        let Some(known) = books.plugins.get(id) else { return };
        known.core.uninstall();
        known.core.attend(false);
        books.listeners.tell(&Event::Removed { plugin: id.clone() });
    }

    /// A file cannot be used. The same reason again is no news.
    pub(super) fn reject(&self, path: &Path, reason: String) {
        let mut books = self.lock();
        if books.rejected.get(path) != Some(&reason) {
            books.rejected.insert(path.into(), reason.clone());
            books.listeners.tell(&Event::Rejected { path: path.into(), reason });
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

    pub(super) fn tell(&self, event: &Event) {
        self.lock().listeners.tell(event);
    }

    /// A plugin that is known, whether or not its `.pconf` is still there.
    pub(super) fn known(&self, id: &PluginId) -> Option<Arc<Core>> {
        self.lock().plugins.get(id).map(|known| Arc::clone(&known.core))
    }

    /// Every plugin that has a `.pconf`, sorted by namespace and name.
    pub(super) fn installed(&self) -> Vec<(Arc<Core>, Arc<Installed>)> {
        let books = self.lock();
        books
            .plugins
            .values()
            .filter_map(|known| Some((Arc::clone(&known.core), known.core.installed()?)))
            .collect()
    }

    /// Every plugin that runs, with its run.
    pub(super) fn running(&self) -> Vec<(Arc<Core>, Arc<Service>)> {
        let books = self.lock();
        let cores = books.plugins.values().map(|known| &known.core);
        cores.filter_map(|core| Some((Arc::clone(core), core.service()?))).collect()
    }

    pub(super) fn events(&self) -> Events {
        let mut books = self.lock();
        let mut state = Vec::new();
        for Known { core, .. } in books.plugins.values() {
            if core.installed().is_some() {
                state.push(Event::Discovered { plugin: core.id().clone() });
            }
            if core.state() == State::Loaded {
                state.push(Event::Loaded { plugin: core.id().clone() });
            }
        }
        for (path, reason) in &books.rejected {
            state.push(Event::Rejected { path: path.clone(), reason: reason.clone() });
        }
        books.listeners.add(state)
    }

    /// Closes the books: the plugins to be stopped, whose supervisors the caller
    /// keeps until that is done.
    pub(super) fn close(&self) -> Vec<Arc<Core>> {
        let mut books = self.lock();
        books.closed = true;
        books.plugins.values().map(|known| Arc::clone(&known.core)).collect()
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
