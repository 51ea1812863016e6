//! Watching folders for changes.
//!
//! Linux watches one folder at a time. The others watch a folder with all that is below it: Windows would
//! otherwise keep each watched folder from being renamed with the one above it, and macOS drops what
//! happens while it takes another folder in.

use std::io;
use std::path::Path;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::system::{WATCHES_TREES, is_too_many_files, watch_limit, watcher_limit};
use super::watched_trees::WatchedTrees;

/// Tells of changes in folders. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct FolderWatcher {
    watcher: RecommendedWatcher,
    /// Those that the system watches with all that is below them, where it does so.
    trees: WatchedTrees,
}

impl FolderWatcher {
    /// Watches nothing yet. The function is called on a thread of the watcher.
    ///
    /// # Errors
    /// Why no watcher can begin: this user may have too many.
    pub(crate) fn new(
        notice: impl FnMut(notify::Result<Event>) + Send + 'static,
    ) -> Result<Self, String> {
        match notify::recommended_watcher(notice) {
            Ok(watcher) => Ok(Self { watcher, trees: WatchedTrees::default() }),
            Err(error) => Err(Unwatched::of(&error, None).why),
        }
    }

    /// Watches what is directly in a folder, and perhaps all that is below it. A folder that is watched
    /// already stays so.
    ///
    /// # Errors
    /// Why it is not watched.
    pub(crate) fn watch(&mut self, folder: &Path) -> Result<(), Unwatched> {
        if !WATCHES_TREES {
            return self.watch_entries(folder);
        }
        if self.trees.covers(folder) {
            return Ok(());
        }
        self.watcher
            .watch(folder, RecursiveMode::Recursive)
            .map_err(|error| Unwatched::of(&error, Some(folder)))?;
        self.trees.insert(folder);
        Ok(())
    }

    /// Watches what is directly in a folder, and nothing else.
    ///
    /// # Errors
    /// Why it is not watched.
    pub(crate) fn watch_entries(&mut self, folder: &Path) -> Result<(), Unwatched> {
        let watched = self.watcher.watch(folder, RecursiveMode::NonRecursive);
        watched.map_err(|error| Unwatched::of(&error, Some(folder)))
    }

    /// Ends the watch of a folder that was watched by itself; that it is gone is no error.
    pub(crate) fn unwatch(&mut self, folder: &Path) {
        if !WATCHES_TREES || self.trees.remove(folder) {
            let _ = self.watcher.unwatch(folder);
        }
    }

    /// Ends a watch of [`FolderWatcher::watch_entries`].
    pub(crate) fn unwatch_entries(&mut self, folder: &Path) {
        let _ = self.watcher.unwatch(folder);
    }
}

/// Why a folder is not watched.
#[derive(Debug)]
pub(crate) struct Unwatched {
    pub(crate) why: String,
    /// Whether there is no such folder.
    pub(crate) is_missing: bool,
}

impl Unwatched {
    /// What an error means, of the watch of a folder or of the begin of a watcher.
    fn of(error: &notify::Error, folder: Option<&Path>) -> Self {
        let is_missing = match &error.kind {
            notify::ErrorKind::PathNotFound => true,
            notify::ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
            // So it is on Windows, without the path.
            notify::ErrorKind::Generic(_) => folder.is_some_and(|folder| !folder.exists()),
            _ => false,
        };
        let why = match &error.kind {
            notify::ErrorKind::MaxFilesWatch => watch_limit(),
            notify::ErrorKind::Io(error) if folder.is_none() && is_too_many_files(error) => {
                watcher_limit()
            }
            notify::ErrorKind::Io(error) => error.to_string(),
            _ => error.to_string(),
        };
        Self { why, is_missing }
    }
}

#[cfg(test)]
mod tests {
    use super::super::system::too_many_files;
    use super::*;

    #[test]
    fn a_limit_that_is_reached_is_named() {
        let folder = Some(Path::new("folder"));
        let unwatched =
            Unwatched::of(&notify::Error::new(notify::ErrorKind::MaxFilesWatch), folder);
        assert_eq!(unwatched.why, watch_limit());
        let error = || notify::Error::io(too_many_files());
        assert_eq!(Unwatched::of(&error(), None).why, watcher_limit());
        assert_eq!(Unwatched::of(&error(), folder).why, too_many_files().to_string());
    }

    #[test]
    fn a_folder_that_is_gone_is_told_from_one_that_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut watcher = FolderWatcher::new(|_| {}).unwrap();
        watcher.watch(folder.path()).unwrap();
        watcher.watch(folder.path()).unwrap();
        let missing = folder.path().join("missing");
        assert!(watcher.watch_entries(&missing).unwrap_err().is_missing);
        watcher.unwatch(&missing);
    }
}
