//! The programs that are looked at for a newer version: those that run, and those of plugins that
//! did not start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::host::looks::Looks;
use crate::host::plugin::{PluginState, ProgramWatch};
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

    /// Looks at all programs, and has the plugins of those that have changed rechecked. Blocks for a
    /// few seconds at most.
    pub(super) fn look(&self) {
        // The lock is not held meanwhile: a look may take its time.
        let watches: Vec<_> =
            self.lock().iter().map(|(id, entry)| (id.clone(), entry.watch.clone())).collect();
        let mut row = self.looks.row();
        for (id, watch) in watches {
            let looked = watch.clone();
            let newer = row.look(id.to_string(), move || looked.newer()).flatten();
            let mut entries = self.lock();
            let entry = entries.get_mut(&id).filter(|entry| entry.watch == watch);
            let Some(entry) = entry.filter(|entry| newer.is_some() && entry.seen != newer) else {
                continue;
            };
            entry.seen.clone_from(&newer);
            if let Some(plugin) = entry.plugin.upgrade() {
                plugin.recheck_program(newer);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PluginId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
