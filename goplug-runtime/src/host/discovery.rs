//! Keeps the registry level with its folder.
//!
//! Reconciling compares the folder with what is known and makes up the difference,
//! whatever happened in between. It runs on every file event, on a slow timer beside
//! them, and when a plugin is asked for that nobody has seen yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use tokio::sync::{mpsc, oneshot};

use super::core::Command;
use super::directory::Directory;
use super::installed::Installed;
use super::watch::FolderWatch;
use crate::limits;
use crate::protocol::{PluginId, pconf};

/// A request to look at the folder now; answered when that is done.
pub(super) type Look = oneshot::Sender<()>;

/// What is known of the folder's files.
#[derive(Debug, Default)]
pub(super) struct Folder {
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
}

/// What reading one file came to.
type Reading = (PathBuf, Option<Stamp>, Result<Installed, String>);

impl Folder {
    /// Reserves the names of embedded plugins, which no file can take.
    pub(super) fn reserve(&mut self, installed: &Installed) {
        self.owners.insert(installed.id().clone(), installed.path().into());
    }

    /// Reads what has changed since the last time. Blocks.
    fn read(&self, folder: &Path) -> (BTreeSet<PathBuf>, Vec<Reading>) {
        let mut present = list(folder);
        let mut readings = Vec::new();
        present.retain(|path| {
            let stamp = std::fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata));
            let known = self.files.get(path);
            if known.is_some_and(|file| file.stamp.is_some() && file.stamp == stamp) {
                return true;
            }
            let reading = Installed::read(path);
            // A file that went away meanwhile is none that cannot be used.
            let is_there = reading.is_ok() || path.symlink_metadata().is_ok();
            if is_there {
                readings.push((path.clone(), stamp, reading));
            }
            is_there
        });
        (present, readings)
    }

    /// Enters what was read; `start` loads what does not ask for lazy loading.
    fn apply(
        &mut self,
        present: &BTreeSet<PathBuf>,
        readings: Vec<Reading>,
        directory: &Arc<Directory>,
        start: bool,
    ) {
        let mut orphans = self.drop_absent(present, directory);
        for (path, stamp, reading) in readings {
            let previous = self.files.get(&path).and_then(|file| file.id.clone());
            let installed = match reading {
                Ok(installed) => installed,
                Err(reason) => {
                    // A file that breaks leaves its plugin as it was.
                    self.files.insert(path.clone(), File { stamp, id: previous });
                    directory.reject(&path, reason);
                    continue;
                }
            };
            let id = installed.id().clone();
            if let Some(owner) = self.owners.get(&id).filter(|owner| **owner != path) {
                let reason = format!("the name {id} is already taken by {}", owner.display());
                // Without a stamp it is read again, in case the owner has gone.
                self.files.insert(path.clone(), File { stamp: None, id: None });
                directory.reject(&path, reason);
                continue;
            }
            if let Some(previous) = previous.filter(|previous| *previous != id) {
                self.owners.remove(&previous);
                orphans.insert(previous);
            }
            orphans.remove(&id);
            self.owners.insert(id.clone(), path.clone());
            self.files.insert(path, File { stamp, id: Some(id) });
            let Some(core) = directory.install(installed) else { return };
            if start {
                core.wish(Command::Update);
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
        }
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
async fn reconcile(mut folder: Folder, directory: &Arc<Directory>, start: bool) -> Folder {
    let path = directory.settings().folder.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let (present, readings) = folder.read(&path);
        (folder, present, readings)
    });
    // The blocking part does not panic, and is not aborted.
    let Ok((read, present, readings)) = reading.await else { return Folder::default() };
    folder = read;
    folder.apply(&present, readings, directory, start);
    folder
}

/// The task that keeps a registry level with its folder, until the registry is gone.
/// Without `watching` it looks only when it is asked to.
pub(super) async fn run(
    mut folder: Folder,
    directory: Weak<Directory>,
    mut looks: mpsc::Receiver<Look>,
    mut watch: Option<FolderWatch>,
) {
    let mut timer = tokio::time::interval(limits::RECONCILE);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    timer.tick().await;
    loop {
        let (look, slow) = tokio::select! {
            look = looks.recv() => match look {
                Some(look) => (Some(look), false),
                None => return,
            },
            () = changed(watch.as_ref()) => {
                tokio::time::sleep(limits::SETTLE).await;
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
        folder = reconcile(folder, &directory, watch.is_some()).await;
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
