//! Keeps the registry level with its folder.
//!
//! Reconciling compares the folder with what is known, and the programs that run with what
//! lies in their place, and makes up the difference, whatever happened in between. It runs
//! on every file event, on a slow timer beside them, and when a plugin is asked for that
//! nobody has seen yet.
//!
//! The timer costs a host that has nothing to do next to nothing: most of its rounds look
//! at the folder alone, which shows files that come, go and are replaced. Only every few
//! rounds each file is looked at, for one that was changed in place and whose event got
//! lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::directory::Directory;
use super::settings::Settings;
use super::watch::FolderWatch;
use crate::host::install::{Installation, trust};
use crate::limits;
use crate::protocol::{PluginId, pconf};

/// Coarser is the clock of no file system that is in use: FAT's counts in two seconds.
const COARSE: Duration = Duration::from_secs(3);

/// How many files are entered before others get a turn.
const BATCH: usize = 128;

/// A request to scan the folder now; answered when that is done.
pub(super) type ScanRequest = oneshot::Sender<()>;

/// What is known of the folder's files.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// The folder's own stamp, if it will change with the next file that comes or goes.
    stamp: Option<Stamp>,
    files: BTreeMap<PathBuf, File>,
    owners: BTreeMap<PluginId, PathBuf>,
}

#[derive(Debug)]
struct File {
    stamp: Option<Stamp>,
    id: Option<PluginId>,
}

/// Changes when a file does. `None` of it: the file is to be read in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    regular: bool,
    /// A mode or an owner that changes leaves the time of the content as it is.
    trust: Result<(), String>,
}

/// What reading one file came to.
type Reading = (PathBuf, Option<Stamp>, Result<Installation, String>);

/// What one scan of the folder found.
struct Scan {
    /// The folder's own stamp.
    stamp: Option<Stamp>,
    /// Whether the folder itself may be believed.
    trust: Result<(), String>,
    present: BTreeSet<PathBuf>,
    readings: Vec<Reading>,
}

/// How deep a scan goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScanDepth {
    /// At the folder; at the files only if the folder has changed.
    Folder,
    /// At every file.
    Files,
}

impl Folder {
    /// Reserves the names of embedded plugins, which no file can take.
    pub(super) fn reserve(&mut self, installation: &Installation) {
        self.owners.insert(installation.id().clone(), installation.path().into());
    }

    /// Reads what has changed since the last time; `None` if nothing seems to have. Blocks.
    fn read(&self, settings: &Settings, depth: ScanDepth) -> Option<Scan> {
        let folder = &settings.folder;
        // Before the files: what comes meanwhile is seen the next time.
        let stamp = Stamp::of_folder(folder);
        if depth == ScanDepth::Folder && stamp.is_some() && stamp == self.stamp {
            return None;
        }
        let mut present = list(folder);
        let mut readings = Vec::new();
        let trust = if settings.trust_writable { Ok(()) } else { trust::check_folder(folder) };
        if trust.is_err() {
            // What is known was read in better times; what is new may be anybody's.
            return Some(Scan { stamp, trust, present, readings });
        }
        present.retain(|path| {
            let stamp = std::fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata));
            let known = self.files.get(path);
            if known.is_some_and(|file| file.stamp.is_some() && file.stamp == stamp) {
                return true;
            }
            let reading = Installation::read(path, settings.trust_writable);
            // A file that went away meanwhile is none that cannot be used.
            let is_there = reading.is_ok() || path.symlink_metadata().is_ok();
            if is_there {
                readings.push((path.clone(), stamp, reading));
            }
            is_there
        });
        Some(Scan { stamp, trust, present, readings })
    }

    /// Enters what was seen; `start` loads what does not ask for lazy loading.
    async fn apply(&mut self, scan: Scan, directory: &Arc<Directory>, start: bool) {
        let Scan { stamp, trust, present, readings } = scan;
        self.stamp = stamp;
        let folder = &directory.settings().folder;
        match trust {
            Ok(()) => directory.forget(folder),
            Err(reason) => directory.reject_path(folder, reason),
        }
        let mut orphans = self.drop_absent(&present, directory);
        for (count, (path, stamp, reading)) in readings.into_iter().enumerate() {
            if count % BATCH == BATCH - 1 {
                // Whoever listens to the events gets a chance to keep up with them.
                tokio::task::yield_now().await;
            }
            let previous = self.files.get(&path).and_then(|file| file.id.clone());
            let installation = match reading {
                Ok(installation) => installation,
                Err(reason) => {
                    // A file that breaks leaves its plugin as it was.
                    self.files.insert(path.clone(), File { stamp, id: previous });
                    directory.reject_path(&path, reason);
                    continue;
                }
            };
            let id = installation.id().clone();
            if let Some(owner) = self.owners.get(&id).filter(|owner| **owner != path) {
                let reason = format!("the name {id} is already taken by {}", owner.display());
                // Without a stamp it is read again, in case the owner has gone.
                self.files.insert(path.clone(), File { stamp: None, id: None });
                directory.reject_path(&path, reason);
                continue;
            }
            if let Some(previous) = previous.filter(|previous| *previous != id) {
                self.owners.remove(&previous);
                orphans.insert(previous);
            }
            orphans.remove(&id);
            self.owners.insert(id.clone(), path.clone());
            self.files.insert(path, File { stamp, id: Some(id) });
            let Some(plugin) = directory.install(installation) else { return };
            if start {
                plugin.recheck_content();
            }
        }
        for id in orphans {
            directory.remove(&id);
        }
    }

    /// Forgets the files that are gone, and says which plugins have lost theirs.
    fn drop_absent(
        &mut self,
        present: &BTreeSet<PathBuf>,
        directory: &Directory,
    ) -> BTreeSet<PluginId> {
        let mut orphans = BTreeSet::new();
        self.files.retain(|path, file| {
            let stays = present.contains(path);
            if !stays {
                directory.forget(path);
                orphans.extend(file.id.take());
            }
            stays
        });
        for id in &orphans {
            self.owners.remove(id);
        }
        orphans
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            regular: metadata.is_file(),
            trust: trust::check_file(metadata),
        }
    }

    /// The stamp of a folder. `None` while another change could leave it as it is: clocks of
    /// file systems are coarse.
    fn of_folder(folder: &Path) -> Option<Self> {
        let stamp = Self::of(&std::fs::metadata(folder).ok()?);
        let age = stamp.modified?.elapsed().ok()?;
        (age > COARSE).then_some(stamp)
    }
}

/// The folder's `.pconf` files, sorted; none where it cannot be read. Hidden files
/// are somebody's temporary ones.
fn list(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            !hidden && path.extension().is_some_and(|extension| extension == pconf::EXTENSION)
        })
        .collect()
}

/// Looks at the folder once and enters what it finds.
async fn reconcile(
    folder: Folder,
    directory: &Arc<Directory>,
    depth: ScanDepth,
    start: bool,
) -> Folder {
    let settings = Arc::clone(directory.settings());
    let running = if start { directory.running() } else { Vec::new() };
    let reading = tokio::task::spawn_blocking(move || {
        let scan = folder.read(&settings, depth);
        let mut running = running;
        running.retain(|(_, run)| run.newer_program().is_some());
        (folder, scan, running)
    });
    // The blocking part does not panic, and is not aborted.
    let Ok((mut folder, scan, outdated)) = reading.await else { return Folder::default() };
    if let Some(scan) = scan {
        folder.apply(scan, directory, start).await;
    }
    for (plugin, _) in outdated {
        plugin.recheck_content();
    }
    folder
}

/// The task that keeps a registry level with its folder, until the registry is gone.
/// Without `watching` it looks only when it is asked to.
pub(super) async fn run(
    mut folder: Folder,
    directory: Weak<Directory>,
    mut requests: mpsc::Receiver<ScanRequest>,
    mut watch: Option<FolderWatch>,
) {
    let mut timer = tokio::time::interval(limits::RECONCILE_INTERVAL);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    timer.tick().await;
    let mut files_seen = Instant::now();
    loop {
        let (look, slow) = tokio::select! {
            look = requests.recv() => match look {
                Some(look) => (Some(look), false),
                None => return,
            },
            () = changed(watch.as_ref()) => {
                tokio::time::sleep(limits::FILE_EVENT_DEBOUNCE).await;
                (None, false)
            }
            _ = timer.tick(), if watch.is_some() => (None, true),
        };
        let Some(directory) = directory.upgrade() else { return };
        if directory.is_closed() {
            return;
        }
        if let Some(watch) = &mut watch {
            watch.follow(slow);
        }
        let depth = if slow && files_seen.elapsed() < limits::RECONCILE_FILES_INTERVAL {
            ScanDepth::Folder
        } else {
            files_seen = Instant::now();
            ScanDepth::Files
        };
        folder = reconcile(folder, &directory, depth, watch.is_some()).await;
        if let Some(look) = look {
            // Whoever asked may have gone.
            let _ = look.send(());
        }
    }
}

async fn changed(watch: Option<&FolderWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::policy::Policies;

    /// A folder with one file, which last changed this long ago.
    fn unchanged_for(age: Duration) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.pconf"), r#"{"Name":"A","Exec":["a"]}"#).unwrap();
        let handle = std::fs::File::open(folder.path()).unwrap();
        handle.set_modified(SystemTime::now() - age).unwrap();
        folder
    }

    fn settings(folder: &Path) -> Settings {
        Settings { folder: folder.into(), policies: Policies::default(), trust_writable: true }
    }

    /// What is known after a look.
    fn known(folder: &Path) -> Folder {
        let seen = Folder::default().read(&settings(folder), ScanDepth::Files).unwrap();
        assert_eq!(seen.readings.len(), 1);
        Folder { stamp: seen.stamp, ..Folder::default() }
    }

    #[test]
    fn the_files_of_a_folder_that_has_not_changed_are_not_looked_at() {
        let folder = unchanged_for(COARSE * 2);
        let known = known(folder.path());
        assert!(known.read(&settings(folder.path()), ScanDepth::Folder).is_none());
        assert!(known.read(&settings(folder.path()), ScanDepth::Files).is_some());
    }

    #[test]
    fn the_files_of_a_folder_that_has_changed_are_looked_at() {
        let folder = unchanged_for(COARSE * 2);
        let known = known(folder.path());
        std::fs::remove_file(folder.path().join("a.pconf")).unwrap();
        let seen = known.read(&settings(folder.path()), ScanDepth::Folder).unwrap();
        assert!(seen.present.is_empty());
    }

    #[test]
    fn a_folder_that_has_just_changed_may_change_again_unseen() {
        let folder = unchanged_for(Duration::ZERO);
        assert!(known(folder.path()).read(&settings(folder.path()), ScanDepth::Folder).is_some());
    }

    #[test]
    fn a_folder_that_is_gone_has_no_files() {
        let folder = unchanged_for(COARSE * 2);
        let known = known(folder.path());
        std::fs::remove_dir_all(folder.path()).unwrap();
        let seen = known.read(&settings(folder.path()), ScanDepth::Folder).unwrap();
        assert!(seen.present.is_empty());
    }
}
