//! File events, as a hint that it is time to look.
//!
//! Events get lost and come late or twice; nothing is ever concluded from one but
//! that the folder should be compared with what is known. Where the folder does not
//! exist, its nearest ancestor is watched instead.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Watches one folder, whether or not it exists.
pub(super) struct FolderWatch {
    folder: PathBuf,
    watcher: Option<RecommendedWatcher>,
    watched: Option<PathBuf>,
    signal: Arc<Signal>,
}

#[derive(Default)]
struct Signal {
    changed: Notify,
    /// What is watched may have gone or been replaced.
    stale: AtomicBool,
}

impl FolderWatch {
    /// A watch that does not watch yet; [`FolderWatch::follow`] begins.
    pub(super) fn new(folder: &Path) -> Self {
        let signal = Arc::new(Signal::default());
        let (told, of) = (Arc::clone(&signal), folder.to_owned());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            match event {
                Ok(event) if !concerns(&event, &of) => return,
                Ok(event) if may_replace(&event, &of) => told.stale.store(true, Ordering::Relaxed),
                Ok(_) => {}
                Err(_) => told.stale.store(true, Ordering::Relaxed),
            }
            told.changed.notify_one();
        });
        let watcher = watcher.map_err(|error| {
            tracing::warn!(target: "goplug::discovery", "file events are not to be had: {error}");
        });
        Self { folder: folder.into(), watcher: watcher.ok(), watched: None, signal }
    }

    /// Resolves when something in the folder may have changed. Cancel safe.
    pub(super) async fn changed(&self) {
        self.signal.changed.notified().await;
    }

    /// Watches what there is of the path now. To be called before each look at the
    /// folder; `again` watches anew what seems to be watched already.
    pub(super) fn follow(&mut self, again: bool) {
        let Some(watcher) = &mut self.watcher else { return };
        let again = self.signal.stale.swap(false, Ordering::Relaxed) || again;
        // The folder may come into being while its ancestor is put under watch.
        for _ in 0..self.folder.components().count() {
            let Some(nearest) = self.folder.ancestors().find(|path| path.is_dir()) else { return };
            if !again && self.watched.as_deref() == Some(nearest) {
                return;
            }
            if let Some(old) = self.watched.take().filter(|old| old != nearest) {
                // It may be gone, and its watch with it.
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

/// Whether an event says anything of the folder. That a file was opened or read does
/// not: the registry reads the files itself, and would wake itself for ever.
fn concerns(event: &notify::Event, folder: &Path) -> bool {
    let tells = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    tells
        && (event.paths.is_empty()
            || event.paths.iter().any(|path| path.starts_with(folder) || folder.starts_with(path)))
}

fn may_replace(event: &notify::Event, folder: &Path) -> bool {
    let moves =
        matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(_));
    moves && event.paths.iter().any(|path| folder.starts_with(path))
}
