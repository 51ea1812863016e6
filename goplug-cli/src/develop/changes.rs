//! Waiting until somebody saves a source.
//!
//! A system may watch one folder at a time, so the folders are looked through again whenever one may have
//! been made, moved or removed. What is in a folder when it begins to be watched counts as saved: it may
//! have been written before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, timeout_at};

use super::events::Seen;
use super::refused::Refused;
use super::sources::{Excluded, Walk};
use super::steps::Steps;
use crate::failure::{Failure, Outcome};
use crate::system::{FolderWatcher, Identity, real_path};

/// How long nothing has to happen after a save: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(50);

/// How long saves that go on hold up a build.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches folders for changes of sources.
pub(super) struct Changes<'a> {
    steps: Steps<'a>,
    watcher: FolderWatcher,
    excluded: Excluded,
    /// The folders that are watched with all that is below them. They need not exist.
    roots: BTreeSet<PathBuf>,
    watched: BTreeMap<PathBuf, Identity>,
    seen: Arc<Seen>,
    /// Whether there was a save that nobody has been told.
    is_saved: bool,
    /// What was said about folders that are not watched.
    said: Option<String>,
}

impl<'a> Changes<'a> {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// This user has too many watchers.
    pub(super) fn new(excluded: Excluded, steps: Steps<'a>) -> Outcome<Self> {
        let seen = Arc::new(Seen::default());
        let (noticed, filter) = (Arc::clone(&seen), excluded.clone());
        let watcher = FolderWatcher::new(move |event| noticed.notice(&event, &filter));
        let failed = |why| Failure::unreachable(format!("the sources cannot be watched: {why}"));
        Ok(Self {
            steps,
            watcher: watcher.map_err(failed)?,
            excluded,
            roots: BTreeSet::new(),
            watched: BTreeMap::new(),
            seen,
            is_saved: false,
            said: None,
        })
    }

    /// Watches these folders too, and what is below them, apart from what is no source. A file there that
    /// was written since this time counts as saved.
    ///
    /// # Errors
    /// Not a single folder can be watched.
    pub(super) fn watch<'b>(
        &mut self,
        folders: impl Iterator<Item = &'b Path>,
        since: SystemTime,
    ) -> Outcome<()> {
        let folders = folders.map(|path| real_path(path).unwrap_or_else(|_| path.into()));
        let before = self.roots.len();
        self.roots.extend(folders);
        if self.roots.len() == before {
            return Ok(());
        }
        self.is_saved |= self.update_watches(since);
        match self.watched.is_empty() {
            true => Err(Failure::unreachable(self.said.clone().unwrap_or_default())),
            false => Ok(()),
        }
    }

    /// Waits for a save, and until nothing is saved any more for a moment. Cancel safe.
    pub(super) async fn saved(&mut self) {
        loop {
            self.take_news();
            if self.is_saved {
                break;
            }
            self.seen.news().await;
        }
        let last = Instant::now() + PATIENCE;
        loop {
            let until = last.min(Instant::now() + QUIET);
            let waited = timeout_at(until, self.seen.news()).await;
            self.take_news();
            if waited.is_err() || Instant::now() >= last {
                break;
            }
        }
        self.is_saved = false;
    }

    fn take_news(&mut self) {
        if self.seen.take_folders() {
            self.is_saved |= self.update_watches(SystemTime::UNIX_EPOCH);
        }
        self.is_saved |= self.seen.take_save();
    }

    /// Watches the folders that there are now. Returns whether new ones have a file that was written
    /// since this time.
    fn update_watches(&mut self, since: SystemTime) -> bool {
        let (mut is_saved, mut refused) = (false, Refused::default());
        let mut found = BTreeMap::new();
        let mut walk = Walk::new(&self.roots, &self.excluded);
        while let Some((folder, identity)) = walk.next_folder() {
            if walk.is_too_long() {
                refused.add(&folder, "there are too many folders; links may lead to them".into());
                break;
            }
            let is_new = self.watched.get(&folder) != Some(&identity);
            if is_new && self.watched.contains_key(&folder) {
                // Another folder had this path. Mostly it is gone, and its watch with it.
                self.watcher.unwatch(&folder);
            }
            // A folder that was made again may be told from the old one by nothing.
            match self.watcher.watch(&folder) {
                Ok(()) => {
                    found.insert(folder.clone(), identity);
                    is_saved |= is_new && self.excluded.allows_a_file_of(&folder, since);
                }
                // It is gone, which is an event of the folder around it.
                Err(unwatched) if unwatched.is_missing => continue,
                Err(unwatched) => refused.add(&folder, unwatched.why),
            }
            walk.enter(&folder);
        }
        for gone in self.watched.keys().filter(|folder| !found.contains_key(*folder)) {
            // Mostly its watch is gone with it.
            self.watcher.unwatch(gone);
        }
        self.await_roots(&found);
        self.watched = found;
        self.say(&refused);
        is_saved
    }

    /// Watches, in place of each folder that does not exist, the nearest one above it that does.
    fn await_roots(&mut self, found: &BTreeMap<PathBuf, Identity>) {
        let missing: Vec<_> = self.roots.iter().filter(|root| !root.is_dir()).collect();
        let awaited: BTreeSet<_> =
            missing.iter().filter_map(|root| next_on_the_way(root)).collect();
        let before = self.seen.await_folders(awaited.clone());
        let above = |awaited: &BTreeSet<PathBuf>| -> BTreeSet<PathBuf> {
            let above = awaited.iter().filter_map(|path| path.parent());
            above.filter(|folder| !found.contains_key(*folder)).map(Path::to_owned).collect()
        };
        let now = above(&awaited);
        for folder in above(&before).difference(&now) {
            self.watcher.unwatch_entries(folder);
        }
        for folder in &now {
            // What cannot be watched there is noticed with the next change of another folder.
            let _ = self.watcher.watch_entries(folder);
        }
        if missing.iter().any(|root| next_on_the_way(root).is_none_or(|it| !awaited.contains(&it)))
        {
            // It was made before the folder above it was watched.
            self.seen.note(false, true);
        }
    }

    fn say(&mut self, refused: &Refused) {
        let now = refused.text();
        if self.said != now {
            if let Some(text) = &now {
                // If nobody reads the output, the next step finds that too.
                let _ = self.steps.unwatched(text);
            }
            self.said = now;
        }
    }
}

/// The path of the next folder that has to be made, so that this one exists.
fn next_on_the_way(missing: &Path) -> Option<PathBuf> {
    missing.ancestors().take_while(|folder| !folder.is_dir()).last().map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use tokio::time::timeout;

    use super::*;
    use crate::output::Output;
    use crate::system::link_folder;

    /// Longer than any event takes.
    const SOON: Duration = Duration::from_secs(10);

    fn project() -> (TempDir, Output) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["src/deep", "target", "plugins"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        (folder, Output::new(false))
    }

    fn watching<'a>(roots: &[&Path], output: &'a Output) -> Changes<'a> {
        let installed = roots[0].join("plugins");
        let excluded = Excluded { installed, files: BTreeSet::new() };
        let mut changes = Changes::new(excluded, Steps::new(output)).unwrap();
        changes.watch(roots.iter().copied(), SystemTime::now()).unwrap();
        changes
    }

    async fn saved(changes: &mut Changes<'_>) {
        timeout(SOON, changes.saved()).await.expect("a save is noticed");
    }

    /// A file is written, and that is noticed.
    async fn save(changes: &mut Changes<'_>, file: &Path) {
        fs::write(file, "").unwrap();
        saved(changes).await;
    }

    /// Waits until a folder is watched. Returns whether that counted as a save.
    async fn watched(changes: &mut Changes<'_>, folder: &Path) -> bool {
        while !changes.watched.contains_key(folder) {
            timeout(SOON, changes.seen.news()).await.expect("the folder is noticed");
            changes.take_news();
        }
        changes.is_saved
    }

    #[tokio::test]
    async fn a_save_is_noticed_and_what_a_build_writes_is_not() {
        let (folder, output) = project();
        let root = folder.path();
        let mut changes = watching(&[root], &output);
        for other in ["target/program", "plugins/P.pconf", ".swap", "Cargo.lock", "a.rs~"] {
            fs::write(root.join(other), "").unwrap();
        }
        // Events come in their order: one for what was written before would be here.
        save(&mut changes, &root.join("src/deep/a.rs")).await;
        assert!(!changes.seen.take_save());
        fs::read(root.join("src/deep/a.rs")).unwrap();
        fs::remove_file(root.join("src/deep/a.rs")).unwrap();
        saved(&mut changes).await;
    }

    #[tokio::test]
    async fn a_folder_that_is_made_later_is_watched() {
        let (folder, output) = project();
        let root = folder.path();
        let mut changes = watching(&[root], &output);
        for round in 0..20 {
            // The first file is often there before its folder is watched.
            let new = root.join(format!("src/{round}/deep"));
            fs::create_dir_all(&new).unwrap();
            save(&mut changes, &new.join("a.rs")).await;
            save(&mut changes, &new.join("a.rs")).await;
        }
    }

    #[tokio::test]
    async fn neither_a_folder_without_files_nor_a_program_that_a_build_makes_is_a_save() {
        let (folder, output) = project();
        let (new, made) = (folder.path().join("src/new"), folder.path().join("made"));
        let excluded =
            Excluded { installed: new.join("plugins"), files: BTreeSet::from([made.clone()]) };
        let mut changes = Changes::new(excluded, Steps::new(&output)).unwrap();
        changes.watch([folder.path()].into_iter(), SystemTime::now()).unwrap();
        fs::write(made, "").unwrap();
        fs::create_dir(&new).unwrap();
        assert!(!watched(&mut changes, &new).await);
    }

    #[tokio::test]
    async fn a_folder_that_is_moved_or_made_again_is_watched() {
        let (folder, output) = project();
        let root = folder.path();
        let new = root.join("src/new");
        let mut changes = watching(&[root], &output);
        for name in ["one", "two"] {
            let staged = root.join(format!(".{name}"));
            fs::create_dir_all(staged.join("deep")).unwrap();
            fs::write(staged.join("deep/a.rs"), "").unwrap();
            fs::rename(&staged, &new).unwrap();
            saved(&mut changes).await;
            save(&mut changes, &new.join("deep/a.rs")).await;
            fs::remove_dir_all(&new).unwrap();
            saved(&mut changes).await;
        }
        fs::create_dir_all(new.join("deep")).unwrap();
        save(&mut changes, &new.join("deep/a.rs")).await;
        save(&mut changes, &new.join("deep/a.rs")).await;
        fs::rename(&new, root.join(".away")).unwrap();
        saved(&mut changes).await;
        fs::write(root.join(".away/deep/a.rs"), "").unwrap();
        save(&mut changes, &root.join("src/a.rs")).await;
        assert!(!changes.watched.contains_key(&new));
    }

    #[tokio::test]
    async fn a_source_folder_may_come_later_and_go() {
        let (folder, output) = project();
        let (root, late) = (folder.path().join("src"), folder.path().join("other/late"));
        let mut changes = watching(&[&root, &late], &output);
        for _ in 0..2 {
            fs::write(folder.path().join("unrelated"), "").unwrap();
            fs::create_dir_all(late.join("src")).unwrap();
            save(&mut changes, &late.join("src/a.rs")).await;
            save(&mut changes, &late.join("src/a.rs")).await;
            fs::remove_dir_all(folder.path().join("other")).unwrap();
            saved(&mut changes).await;
        }
    }

    #[tokio::test]
    async fn a_linked_folder_is_watched() {
        let (folder, output) = project();
        let shared = tempfile::tempdir().unwrap();
        for name in ["one", "two"] {
            fs::create_dir(shared.path().join(name)).unwrap();
        }
        let root = folder.path();
        link_folder(&shared.path().join("one"), &root.join("src/one")).unwrap();
        let mut changes = watching(&[root], &output);
        save(&mut changes, &root.join("src/one/a.rs")).await;
        link_folder(&shared.path().join("two"), &root.join("src/two")).unwrap();
        saved(&mut changes).await;
        save(&mut changes, &shared.path().join("two/a.rs")).await;
    }

    #[tokio::test]
    async fn what_was_written_during_a_build_counts_as_saved() {
        let (folder, output) = project();
        let mut changes = watching(&[&folder.path().join("src")], &output);
        let since = SystemTime::now() - Duration::from_secs(60);
        let other = tempfile::tempdir().unwrap();
        changes.watch([other.path()].into_iter(), since).unwrap();
        assert!(!changes.is_saved);
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("a.rs"), "").unwrap();
        changes.watch([other.path()].into_iter(), since).unwrap();
        saved(&mut changes).await;
    }
}
