//! Waiting until somebody saves a source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::failure::{Failure, Outcome};

/// How long nothing has to happen after a save: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(50);

/// What a build writes and what tools keep for themselves.
const IGNORED: [&str; 4] = ["target", "node_modules", "__pycache__", "Cargo.lock"];

/// Watches folders for changes of sources.
pub(super) struct Changes {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    /// A folder in which nothing is a source: the plugins are installed there.
    installed: PathBuf,
    events: mpsc::Receiver<()>,
}

impl Changes {
    /// Watches nothing yet. What is in the folder `installed` is no source.
    pub(super) fn new(installed: &Path) -> Outcome<Self> {
        // One change is as good as many.
        let (sender, events) = mpsc::channel(1);
        let folder = installed.to_owned();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| is_save(&event, &folder)) {
                let _ = sender.try_send(());
            }
        });
        Ok(Self {
            watcher: watcher.map_err(unwatched)?,
            watched: BTreeSet::new(),
            installed: installed.to_owned(),
            events,
        })
    }

    /// Watches these folders and what is below them, apart from what is no source.
    pub(super) fn watch<'a>(&mut self, folders: impl Iterator<Item = &'a Path>) -> Outcome<()> {
        for folder in folders {
            self.watch_below(folder)?;
        }
        Ok(())
    }

    fn watch_below(&mut self, folder: &Path) -> Outcome<()> {
        if !self.watched.insert(folder.to_owned()) {
            return Ok(());
        }
        self.watcher.watch(folder, RecursiveMode::NonRecursive).map_err(unwatched)?;
        let entries = std::fs::read_dir(folder)?.flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        for path in folders.map(|entry| entry.path()) {
            if is_source(&path, &self.installed) {
                // It may be gone by now.
                let _ = self.watch_below(&path);
            }
        }
        Ok(())
    }

    /// Waits for a save, and until nothing is saved any more for a moment. Cancel safe.
    pub(super) async fn saved(&mut self) {
        if self.events.recv().await.is_none() {
            // The watcher lives as long as this.
            return std::future::pending().await;
        }
        while timeout(QUIET, self.events.recv()).await.is_ok() {}
    }
}

fn unwatched(error: notify::Error) -> Failure {
    Failure::unreachable(format!("the sources cannot be watched: {error}"))
}

/// Whether an event is that a source was written, made, moved or removed.
fn is_save(event: &Event, installed: &Path) -> bool {
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Create(_)
        | EventKind::Remove(_) => true,
        EventKind::Modify(kind) => !matches!(kind, ModifyKind::Metadata(_)),
        _ => false,
    };
    is_change && event.paths.iter().any(|path| is_source(path, installed))
}

/// Whether what is at this path may be a source, by its name and its place.
fn is_source(path: &Path, installed: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_other = name.starts_with('.') || name.ends_with('~') || IGNORED.contains(&&*name);
    !is_other && !path.starts_with(installed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Longer than any event takes.
    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_save_is_noticed_and_what_a_build_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["src/deep", "target", "plugins"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let mut changes = Changes::new(&root.join("plugins")).unwrap();
        changes.watch([root].into_iter()).unwrap();
        for other in ["target/program", "plugins/P.pconf", ".swap", "Cargo.lock", "a.rs~"] {
            fs::write(root.join(other), "").unwrap();
        }
        // Events come in their order: one for what was written before would be here.
        fs::write(root.join("src/deep/a.rs"), "").unwrap();
        timeout(SOON, changes.saved()).await.unwrap();
        assert!(changes.events.try_recv().is_err());
        fs::read(root.join("src/deep/a.rs")).unwrap();
        fs::remove_file(root.join("src/deep/a.rs")).unwrap();
        timeout(SOON, changes.saved()).await.unwrap();
    }

    #[test]
    fn names_and_places_tell_what_is_a_source() {
        let plugins = Path::new("/p/plugins");
        for source in ["/p/src/main.rs", "/p/Cargo.toml", "/p/plugins.rs"] {
            assert!(is_source(Path::new(source), plugins), "{source}");
        }
        for other in ["/p/plugins/a", "/p/target", "/p/.git", "/p/src/main.rs~", "/p/Cargo.lock"] {
            assert!(!is_source(Path::new(other), plugins), "{other}");
        }
    }
}
