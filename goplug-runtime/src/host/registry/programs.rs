//! The programs that are looked at for a newer version: those that run, and those of plugins that
//! did not start. Each slot of a plugin has one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::host::disk;
use crate::host::looks::Looks;
use crate::host::plugin::{ProgramWatch, Slot, WeakSlot};
use crate::panic::catch;
use crate::protocol::PluginId;
use crate::transport::FileId;

/// The programs of a registry's plugins.
#[derive(Default)]
pub(super) struct Programs {
    entries: Mutex<BTreeMap<Key, Entry>>,
    /// The looks at programs, also those of scans.
    looks: Looks,
}

/// A plugin, and one of its slots.
type Key = (PluginId, usize);

struct Entry {
    slot: WeakSlot,
    watch: ProgramWatch,
    /// The newer file that was seen last.
    seen: Option<FileId>,
}

impl Programs {
    /// Sets which program of a slot is looked at, if any.
    pub(super) fn set(&self, slot: &Slot, watch: Option<ProgramWatch>) {
        let mut entries = self.lock();
        let key = (slot.id().clone(), slot.index());
        let Some(watch) = watch else {
            entries.remove(&key);
            return;
        };
        let seen = entries
            .get(&key)
            .filter(|entry| entry.watch == watch)
            .and_then(|entry| entry.seen.clone());
        entries.insert(key, Entry { slot: slot.downgrade(), watch, seen });
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
            self.lock().iter().map(|(key, entry)| (key.clone(), entry.watch.clone())).collect();
        if watches.is_empty() {
            return;
        }
        let programs = Arc::clone(self);
        let work = move || {
            for (key, watch) in watches {
                let (id, slot) = &key;
                let name = format!("{id} {slot}");
                let Some(_busy) = programs.looks.begin(name.into()) else { continue };
                if let Ok(Some(newer)) = catch(|| watch.newer()) {
                    programs.recheck(&key, &watch, newer);
                }
            }
        };
        drop(disk::begin(work));
    }

    /// Has a slot rechecked, unless this newer file was seen before.
    fn recheck(&self, key: &Key, watch: &ProgramWatch, newer: FileId) {
        let mut entries = self.lock();
        let entry = entries.get_mut(key).filter(|entry| entry.watch == *watch);
        let Some(entry) = entry.filter(|entry| entry.seen.as_ref() != Some(&newer)) else { return };
        entry.seen = Some(newer.clone());
        let slot = entry.slot.upgrade();
        // The last of a plugin drops what its handlers have captured.
        drop(entries);
        if let Some(slot) = slot {
            slot.recheck_program(newer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
