//! What the registry knows of the files in its folder.
//!
//! Each file keeps a stamp made of its metadata, so that an unchanged file is not read again.
//! [`Folder::apply`] passes the result of a scan on to the [`Directory`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directory::Directory;
use super::listing::{FolderScan, KnownStamps, PconfStamp, ScannedFile};
use crate::host::install::{Installation, Unusable};
use crate::host::plugin::PluginState;
use crate::protocol::PluginId;
use crate::transport::FileId;

/// How many files are applied before other tasks get a turn.
const FILES_PER_TURN: usize = 128;

/// What is known of the folder's files.
#[derive(Debug, Default)]
pub(super) struct Folder {
    files: BTreeMap<PathBuf, KnownFile>,
    /// The file of each plugin.
    owners: BTreeMap<PluginId, PathBuf>,
    /// The files with misspelled keys of which a warning was logged, as they were then.
    warned: BTreeMap<PathBuf, PconfStamp>,
}

#[derive(Debug)]
struct KnownFile {
    /// `None` if the file has to be read again in any case.
    stamp: Option<PconfStamp>,
    /// The plugin that the file describes, or described before it became unusable.
    plugin: Option<PluginId>,
}

/// A file whose plugin has another file.
pub(super) struct Contested {
    path: PathBuf,
    pub(super) installation: Installation,
    program: Option<FileId>,
}

/// How the files of a scan are applied.
struct Application<'a> {
    directory: &'a Arc<Directory>,
    /// The plugins that have changed. They are started once all are known, since one may need another.
    changed: Vec<Arc<PluginState>>,
    /// The plugins whose file is gone, unless another file describes them.
    orphans: BTreeSet<PluginId>,
    contested: Vec<Contested>,
}

impl KnownStamps for Folder {
    fn stamp(&self, path: &Path) -> Option<PconfStamp> {
        self.files.get(path)?.stamp
    }
}

impl Folder {
    /// Reserves the name of an embedded plugin, so that no file can use it.
    pub(super) fn reserve(&mut self, installation: &Installation) {
        self.owners.insert(installation.id().clone(), installation.path().into());
    }

    /// Why the folder cannot be read, and what becomes of the plugins that are known, if there are any.
    pub(super) fn with_known(&self, reason: String) -> String {
        match self.files.values().any(|file| file.plugin.is_some()) {
            true => format!("{reason}; the plugins that are known stay as they are"),
            false => reason,
        }
    }

    /// Passes the result of a scan on to the directory. With `starts`, plugins that have changed
    /// are started, unless they ask for lazy loading. Returns the files whose plugins have another
    /// file.
    pub(super) async fn apply(
        &mut self,
        scan: FolderScan,
        directory: &Arc<Directory>,
        starts: bool,
    ) -> Vec<Contested> {
        let FolderScan { present, rejection, changed, .. } = scan;
        let folder = &directory.settings().folder;
        match rejection {
            None => directory.clear_rejection(folder),
            Some(reason) if present.is_none() => {
                directory.reject_path(folder, None, self.with_known(reason));
            }
            Some(reason) => directory.reject_path(folder, None, reason),
        }
        let orphans = present.map(|present| self.forget_absent(&present, directory));
        let orphans = orphans.unwrap_or_default();
        let mut application =
            Application { directory, changed: Vec::new(), orphans, contested: Vec::new() };
        for (count, file) in changed.into_iter().enumerate() {
            if count % FILES_PER_TURN == FILES_PER_TURN - 1 {
                // Lets the listeners keep up with the events.
                tokio::task::yield_now().await;
            }
            self.apply_file(file, &mut application);
        }
        for id in application.orphans {
            directory.remove(&id);
        }
        if starts {
            directory.start(&application.changed);
        }
        application.contested
    }

    /// Gives a plugin to another file, since the one that it belonged to leads nowhere.
    pub(super) fn take_over(
        &mut self,
        contested: Contested,
        directory: &Arc<Directory>,
        starts: bool,
    ) {
        let Contested { path, installation, program } = contested;
        let id = installation.id().clone();
        if let Some(old) = self.owners.insert(id.clone(), path.clone()) {
            directory.reject_path(&old, Some(id.clone()), taken(&id, &path));
            self.files.insert(old, KnownFile { stamp: None, plugin: None });
        }
        self.files.insert(path, KnownFile { stamp: None, plugin: Some(id) });
        let plugins = directory.install(installation, program);
        if starts {
            directory.start(&plugins);
        }
    }

    /// Forgets the files that are gone. Returns their plugins, the orphans.
    fn forget_absent(
        &mut self,
        present: &BTreeSet<PathBuf>,
        directory: &Directory,
    ) -> BTreeSet<PluginId> {
        let mut orphans = BTreeSet::new();
        self.files.retain(|path, file| {
            let is_present = present.contains(path);
            if !is_present {
                directory.clear_rejection(path);
                orphans.extend(file.plugin.take());
            }
            is_present
        });
        self.warned.retain(|path, _| present.contains(path));
        for id in &orphans {
            self.owners.remove(id);
        }
        orphans
    }

    /// Warns of misspelled keys, once per change of a file.
    fn warn_once(&mut self, path: &Path, stamp: Option<PconfStamp>, installation: &Installation) {
        let Some(stamp) = stamp.filter(|stamp| self.warned.get(path) != Some(stamp)) else {
            return;
        };
        if installation.warn_of_misspelled_keys() {
            self.warned.insert(path.into(), stamp);
        } else {
            self.warned.remove(path);
        }
    }

    /// Notes the new content of a file.
    fn apply_file(&mut self, file: ScannedFile, application: &mut Application<'_>) {
        let ScannedFile { path, stamp, is_news, installation, program } = file;
        let directory = application.directory;
        let previous = self.files.get(&path).and_then(|file| file.plugin.clone());
        let installation = match installation {
            Ok(installation) => installation,
            Err(Unusable { reason, plugin, is_passing }) => {
                directory.reject_path(&path, plugin.or_else(|| previous.clone()), reason);
                // The plugin of a file that becomes unusable stays as it is.
                let stamp = stamp.filter(|_| !is_passing);
                self.files.insert(path, KnownFile { stamp, plugin: previous });
                return;
            }
        };
        self.warn_once(&path, stamp, &installation);
        let id = installation.id().clone();
        if let Some(plugin) = directory.settings().aliases.plugin(&id) {
            let reason = format!("the name {id} is already taken: the host gives it to {plugin}");
            directory.reject_path(&path, Some(id), reason);
            self.files.insert(path, KnownFile { stamp, plugin: previous });
            return;
        }
        if let Some(owner) = self.owners.get(&id).filter(|owner| **owner != path) {
            directory.reject_path(&path, Some(id.clone()), taken(&id, owner));
            // Without a stamp the file is read by every scan: the other file may be removed.
            self.files.insert(path.clone(), KnownFile { stamp: None, plugin: None });
            application.contested.push(Contested { path, installation, program });
            return;
        }
        if let Some(previous) = previous.filter(|previous| *previous != id) {
            self.owners.remove(&previous);
            application.orphans.insert(previous);
        }
        application.orphans.remove(&id);
        self.owners.insert(id.clone(), path.clone());
        self.files.insert(path, KnownFile { stamp, plugin: Some(id.clone()) });
        // A file that was only read again has nothing new to say, and a plugin whose start has
        // failed is not started again for it.
        let is_known = || directory.get(&id).and_then(|plugin| plugin.installation());
        if !is_news && is_known().is_some_and(|known| *known == installation) {
            return;
        }
        application.changed.extend(directory.install(installation, program));
    }
}

/// Why a file is rejected whose plugin has another file.
fn taken(id: &PluginId, owner: &Path) -> String {
    format!("the name {id} is already taken by {}", owner.display())
}
