//! File events, which only hint that the folder should be scanned.
//!
//! Events get lost, come late or come twice. So nothing is concluded from an event except that
//! the folder should be compared with what is known. If the folder does not exist, its nearest
//! existing ancestor is watched instead.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Watches one folder, which need not exist.
pub(super) struct FolderWatch {
    folder: PathBuf,
    /// `None` if the system provides no file events.
    watcher: Option<RecommendedWatcher>,
    /// The folder, or the ancestor that is watched in its place.
    watched: Option<PathBuf>,
    signal: Arc<Signal>,
}

#[derive(Default)]
struct Signal {
    changed: Notify,
    /// The watched folder may be gone or replaced.
    is_stale: AtomicBool,
}

impl FolderWatch {
    /// A watch that watches nothing until [`FolderWatch::update`] is called.
    pub(super) fn new(folder: &Path) -> Self {
        let signal = Arc::new(Signal::default());
        let (sender, path) = (Arc::clone(&signal), folder.to_owned());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let may_be_stale = match event {
                Ok(event) if !affects(&event, &path) => return,
                Ok(event) => may_replace(&event, &path),
                Err(_) => true,
            };
            if may_be_stale {
                sender.is_stale.store(true, Ordering::Relaxed);
            }
            sender.changed.notify_one();
        });
        let watcher = watcher.map_err(|error| {
            tracing::warn!(target: "goplug::discovery", "file events are not to be had: {error}");
        });
        Self { folder: folder.into(), watcher: watcher.ok(), watched: None, signal }
    }

    /// Waits until something in the folder may have changed. Cancel safe.
    pub(super) async fn changed(&self) {
        self.signal.changed.notified().await;
    }

    /// Watches the folder, or its nearest existing ancestor. To be called before each scan. With
    /// `force`, watches anew even what seems to be watched already.
    pub(super) fn update(&mut self, force: bool) {
        let Some(watcher) = &mut self.watcher else { return };
        let force = self.signal.is_stale.swap(false, Ordering::Relaxed) || force;
        // The folder may be created just before the watch on its ancestor begins.
        for _ in 0..self.folder.components().count() {
            let Some(nearest) = self.folder.ancestors().find(|path| path.is_dir()) else { return };
            if !force && self.watched.as_deref() == Some(nearest) {
                return;
            }
            if let Some(old) = self.watched.take().filter(|old| old != nearest) {
                // This fails if the old folder is gone, and its watch with it.
                drop(watcher.unwatch(&old));
            }
            if watcher.watch(nearest, RecursiveMode::NonRecursive).is_ok() {
                self.watched = Some(nearest.into());
                if nearest == self.folder || !self.folder.is_dir() {
                    return;
                }
            }
        }
    }
}

/// Whether an event may change what a scan finds. Opening or reading a file does not: the registry
/// reads the files itself, and its own events would keep it scanning forever.
fn affects(event: &notify::Event, folder: &Path) -> bool {
    let may_write = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    may_write
        && (event.paths.is_empty()
            || event.paths.iter().any(|path| path.starts_with(folder) || folder.starts_with(path)))
}

/// Whether the folder or one of its ancestors may have been created, removed or replaced.
fn may_replace(event: &notify::Event, folder: &Path) -> bool {
    let is_change =
        matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(_));
    is_change && event.paths.iter().any(|path| folder.starts_with(path))
}
