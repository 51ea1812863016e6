//! The programs that are looked at for a newer version: those that run, and those of plugins that
//! did not start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::host::disk;
use crate::host::looks::Looks;
use crate::host::plugin::{PluginState, ProgramWatch};
use crate::panic::catch;
use crate::protocol::PluginId;
use crate::transport::FileId;

/// The programs of a registry's plugins.
#[derive(Default)]
pub(super) struct Programs {
    entries: Mutex<BTreeMap<PluginId, Entry>>,
    /// The looks at programs, also those of scans.
    looks: Looks,
}

struct Entry {
    plugin: Weak<PluginState>,
    watch: ProgramWatch,
    /// The newer file that was seen last.
    seen: Option<FileId>,
}

impl Programs {
    /// Sets which program of a plugin is looked at, if any.
    pub(super) fn set(&self, plugin: &Arc<PluginState>, watch: Option<ProgramWatch>) {
        let mut entries = self.lock();
        let Some(watch) = watch else {
            entries.remove(plugin.id());
            return;
        };
        let seen = entries
            .get(plugin.id())
            .filter(|entry| entry.watch == watch)
            .and_then(|entry| entry.seen.clone());
        let entry = Entry { plugin: Arc::downgrade(plugin), watch, seen };
        entries.insert(plugin.id().clone(), entry);
    }

    /// The looks at programs.
    pub(super) fn looks(&self) -> &Looks {
        &self.looks
    }

    /// Looks at all programs on a thread of their own, which has the plugins of those that have changed
    /// rechecked. Does not wait for it: one that is on a dead mount keeps that thread, and the next
    /// look passes it over. Without a thread, the next look has to do.
    pub(super) fn look(self: &Arc<Self>) {
        let watches: Vec<_> =
            self.lock().iter().map(|(id, entry)| (id.clone(), entry.watch.clone())).collect();
        if watches.is_empty() {
            return;
        }
        let programs = Arc::clone(self);
        let work = move || {
            for (id, watch) in watches {
                let Some(_busy) = programs.looks.begin(id.to_string().into()) else { continue };
                if let Ok(Some(newer)) = catch(|| watch.newer()) {
                    programs.recheck(&id, &watch, newer);
                }
            }
        };
        drop(disk::begin(work));
    }

    /// Has a plugin rechecked, unless this newer file was seen before.
    fn recheck(&self, id: &PluginId, watch: &ProgramWatch, newer: FileId) {
        let mut entries = self.lock();
        let entry = entries.get_mut(id).filter(|entry| entry.watch == *watch);
        let Some(entry) = entry.filter(|entry| entry.seen.as_ref() != Some(&newer)) else { return };
        entry.seen = Some(newer.clone());
        let plugin = entry.plugin.upgrade();
        // The last of a plugin drops what its handlers have captured.
        drop(entries);
        if let Some(plugin) = plugin {
            plugin.recheck_program(newer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PluginId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
