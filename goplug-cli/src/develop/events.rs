//! What the watcher of files reports, as far as it matters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{Event, EventKind};
use tokio::sync::Notify;

use super::sources::Excluded;

/// What the watcher's thread has seen.
#[derive(Default)]
pub(super) struct Seen {
    save: AtomicBool,
    /// Whether folders may have been made, moved or removed.
    folders: AtomicBool,
    news: Notify,
    /// Paths at which folders of sources may be made. Nothing else that is beside them is a source.
    awaited: Mutex<BTreeSet<PathBuf>>,
}

impl Seen {
    /// Waits until something is noticed. Cancel safe.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// Whether something was saved since the last time that this was asked.
    pub(super) fn take_save(&self) -> bool {
        self.save.swap(false, Ordering::AcqRel)
    }

    /// Whether folders may have changed since the last time that this was asked.
    pub(super) fn take_folders(&self) -> bool {
        self.folders.swap(false, Ordering::AcqRel)
    }

    /// Sets where folders of sources may be made, and returns what was set before.
    pub(super) fn await_folders(&self, awaited: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        std::mem::replace(&mut *self.awaited(), awaited)
    }

    /// Notices an event.
    pub(super) fn notice(&self, event: &notify::Result<Event>, excluded: &Excluded) {
        match event {
            Ok(event) if event.need_rescan() => self.note(true, true),
            Ok(event) => {
                for path in event.paths.iter().filter(|path| excluded.allows(path)) {
                    match self.is_awaited(path) {
                        None => self.note(is_save(event.kind, path), changes_folders(event.kind)),
                        Some(is_on_the_way) => self.note(false, is_on_the_way),
                    }
                }
            }
            Err(_) => self.note(false, true),
        }
    }

    /// Has the folders looked through again, or a save told, or both.
    pub(super) fn note(&self, is_save: bool, changes_folders: bool) {
        self.save.fetch_or(is_save, Ordering::AcqRel);
        self.folders.fetch_or(changes_folders, Ordering::AcqRel);
        if is_save || changes_folders {
            self.news.notify_one();
        }
    }

    /// Whether a folder of sources is waited for at this path; `None` if nothing is waited for beside
    /// it.
    fn is_awaited(&self, path: &Path) -> Option<bool> {
        let awaited = self.awaited();
        let is_beside = awaited.iter().any(|it| it.parent() == path.parent());
        is_beside.then(|| awaited.contains(path))
    }

    fn awaited(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an event is that something was written, moved or removed. A folder that is made is no source
/// before it has files.
fn is_save(kind: EventKind, path: &Path) -> bool {
    match kind {
        // Windows does not say what it is, and tells of the folder around a file that changes.
        EventKind::Create(CreateKind::Any) | EventKind::Modify(ModifyKind::Any) => !path.is_dir(),
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Remove(_) => true,
        EventKind::Create(kind) => kind != CreateKind::Folder,
        EventKind::Modify(kind) => !matches!(kind, ModifyKind::Metadata(_)),
        _ => false,
    }
}

/// Whether an event may be that a folder, or a link to one, was made, moved or removed.
fn changes_folders(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_no_save_though_the_system_does_not_say_that_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let excluded =
            Excluded { installed: folder.path().join("plugins"), files: BTreeSet::new() };
        let (made, file) = (folder.path().join("made"), folder.path().join("a.rs"));
        std::fs::create_dir(&made).unwrap();
        std::fs::write(&file, "").unwrap();
        for kind in [EventKind::Create(CreateKind::Any), EventKind::Modify(ModifyKind::Any)] {
            for (path, is_save) in [(&made, false), (&file, true)] {
                let seen = Seen::default();
                seen.notice(&Ok(Event::new(kind).add_path(path.clone())), &excluded);
                assert_eq!(seen.take_save(), is_save, "{kind:?} {path:?}");
                assert_eq!(seen.take_folders(), kind.is_create(), "{kind:?} {path:?}");
            }
        }
    }
}
