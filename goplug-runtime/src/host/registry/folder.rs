//! What the registry knows of the files in its folder, and how a scan brings that up to date.
//!
//! A scan has two halves. [`Folder::read`] blocks: it lists the folder and reads the files that
//! have changed. [`Folder::apply`] passes the result on to the [`Directory`]. Each file keeps a
//! version made of its metadata, so that an unchanged file is not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::directory::Directory;
use super::settings::Settings;
use crate::host::install::{Installation, trust};
use crate::protocol::{PluginId, pconf};

/// No file system in use counts time in longer steps than this. FAT counts in steps of 2 s.
const MTIME_GRANULARITY: Duration = Duration::from_secs(3);

/// How many files are applied before other tasks get a turn.
const FILES_PER_TURN: usize = 128;

/// What is known of the folder's files.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// The folder's own version. `None` if it might not change with the next file that is added
    /// or removed.
    version: Option<FileVersion>,
    files: BTreeMap<PathBuf, KnownFile>,
    /// The file of each plugin.
    owners: BTreeMap<PluginId, PathBuf>,
}

#[derive(Debug)]
struct KnownFile {
    /// `None` if the file has to be read again in any case.
    version: Option<FileVersion>,
    /// The plugin that the file describes, or described before it became unusable.
    plugin: Option<PluginId>,
}

/// Metadata that changes whenever the file or folder does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileVersion {
    length: u64,
    modified: Option<SystemTime>,
    is_regular: bool,
    /// Why the file cannot be trusted, if so. A change of mode or owner changes this, but not the
    /// time of the last modification.
    trust: Result<(), String>,
}

/// The result of a scan.
pub(super) struct FolderScan {
    /// The version of the folder itself.
    version: Option<FileVersion>,
    /// Why the folder cannot be trusted, if so.
    trust: Result<(), String>,
    /// All files that exist.
    present: BTreeSet<PathBuf>,
    /// The files that were new or changed.
    changed: Vec<ScannedFile>,
}

/// A file that was read.
struct ScannedFile {
    path: PathBuf,
    version: Option<FileVersion>,
    /// What the file describes, or why it cannot be used.
    installation: Result<Installation, String>,
}

/// What a scan checks for changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanDepth {
    /// The folder itself. Its files are checked only if it has changed.
    Folder,
    /// Every file.
    Files,
}

impl Folder {
    /// Reserves the name of an embedded plugin, so that no file can use it.
    pub(super) fn reserve(&mut self, installation: &Installation) {
        self.owners.insert(installation.id().clone(), installation.path().into());
    }

    /// Reads the files that have changed. `None` if the folder has not changed and `depth` asks
    /// for nothing more. Blocks.
    pub(super) fn read(&self, settings: &Settings, depth: ScanDepth) -> Option<FolderScan> {
        let folder = &settings.folder;
        // Taken before the files are listed: a change in between is found by the next scan.
        let version = FileVersion::of_folder(folder);
        if depth == ScanDepth::Folder && version.is_some() && version == self.version {
            return None;
        }
        let mut present = list(folder);
        let mut changed = Vec::new();
        let trust = if settings.trust_writable { Ok(()) } else { trust::check_folder(folder) };
        if trust.is_err() {
            // Known plugins stay: their files were read while the folder could be trusted. New
            // files may be from anybody, and are not read.
            return Some(FolderScan { version, trust, present, changed });
        }
        present.retain(|path| {
            let version = std::fs::metadata(path).ok().map(|metadata| FileVersion::of(&metadata));
            let known = self.files.get(path);
            if known.is_some_and(|file| file.version.is_some() && file.version == version) {
                return true;
            }
            let installation = Installation::read(path, settings.trust_writable);
            // A file that was removed meanwhile is absent, not unusable.
            let exists = installation.is_ok() || path.symlink_metadata().is_ok();
            if exists {
                changed.push(ScannedFile { path: path.clone(), version, installation });
            }
            exists
        });
        Some(FolderScan { version, trust, present, changed })
    }

    /// Passes the result of a scan on to the directory. With `start`, plugins that have changed
    /// are started, unless they ask for lazy loading.
    pub(super) async fn apply(
        &mut self,
        scan: FolderScan,
        directory: &Arc<Directory>,
        start: bool,
    ) {
        let FolderScan { version, trust, present, changed } = scan;
        self.version = version;
        let folder = &directory.settings().folder;
        match trust {
            Ok(()) => directory.clear_rejection(folder),
            Err(reason) => directory.reject_path(folder, reason),
        }
        let mut orphans = self.forget_absent(&present, directory);
        for (count, file) in changed.into_iter().enumerate() {
            if count % FILES_PER_TURN == FILES_PER_TURN - 1 {
                // Lets the listeners keep up with the events.
                tokio::task::yield_now().await;
            }
            let Some(installation) = self.apply_file(file, &mut orphans, directory) else {
                continue;
            };
            // A directory that is closed takes no plugins.
            let Some(plugin) = directory.install(installation) else { return };
            if start {
                plugin.recheck_content();
            }
        }
        for id in orphans {
            directory.remove(&id);
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
        for id in &orphans {
            self.owners.remove(id);
        }
        orphans
    }

    /// Notes the new content of a file, and adds to the orphans or removes from them. Returns
    /// what is to be installed; `None` if the file is rejected.
    fn apply_file(
        &mut self,
        file: ScannedFile,
        orphans: &mut BTreeSet<PluginId>,
        directory: &Directory,
    ) -> Option<Installation> {
        let ScannedFile { path, version, installation } = file;
        let previous = self.files.get(&path).and_then(|file| file.plugin.clone());
        let installation = match installation {
            Ok(installation) => installation,
            Err(reason) => {
                // The plugin of a file that becomes unusable stays as it is.
                self.files.insert(path.clone(), KnownFile { version, plugin: previous });
                directory.reject_path(&path, reason);
                return None;
            }
        };
        let id = installation.id();
        if let Some(owner) = self.owners.get(id).filter(|owner| **owner != path) {
            let reason = format!("the name {id} is already taken by {}", owner.display());
            // Without a version the file is read by every scan: the other file may be removed.
            self.files.insert(path.clone(), KnownFile { version: None, plugin: None });
            directory.reject_path(&path, reason);
            return None;
        }
        if let Some(previous) = previous.filter(|previous| previous != id) {
            self.owners.remove(&previous);
            orphans.insert(previous);
        }
        orphans.remove(id);
        self.owners.insert(id.clone(), path.clone());
        self.files.insert(path, KnownFile { version, plugin: Some(id.clone()) });
        Some(installation)
    }
}

impl FileVersion {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            is_regular: metadata.is_file(),
            trust: trust::check_file(metadata),
        }
    }

    /// The version of a folder. `None` if the folder changed so recently that a further change
    /// could have the same time.
    fn of_folder(folder: &Path) -> Option<Self> {
        let version = Self::of(&std::fs::metadata(folder).ok()?);
        let age = version.modified?.elapsed().ok()?;
        (age > MTIME_GRANULARITY).then_some(version)
    }
}

/// The folder's `.pconf` files, sorted; none if it cannot be read. Hidden files are left out,
/// since they are the temporary files of other programs.
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

    /// What is known after a first scan, which finds one file.
    fn scanned(folder: &Path) -> Folder {
        let scan = Folder::default().read(&settings(folder), ScanDepth::Files).unwrap();
        assert_eq!(scan.changed.len(), 1);
        Folder { version: scan.version, ..Folder::default() }
    }

    #[test]
    fn the_files_of_an_unchanged_folder_are_not_read() {
        let folder = unchanged_for(MTIME_GRANULARITY * 2);
        let known = scanned(folder.path());
        assert!(known.read(&settings(folder.path()), ScanDepth::Folder).is_none());
        assert!(known.read(&settings(folder.path()), ScanDepth::Files).is_some());
    }

    #[test]
    fn the_files_of_a_changed_folder_are_read() {
        let folder = unchanged_for(MTIME_GRANULARITY * 2);
        let known = scanned(folder.path());
        std::fs::remove_file(folder.path().join("a.pconf")).unwrap();
        let scan = known.read(&settings(folder.path()), ScanDepth::Folder).unwrap();
        assert!(scan.present.is_empty());
    }

    #[test]
    fn the_files_of_a_folder_that_has_just_changed_are_read_again() {
        let folder = unchanged_for(Duration::ZERO);
        let known = scanned(folder.path());
        assert!(known.read(&settings(folder.path()), ScanDepth::Folder).is_some());
    }

    #[test]
    fn a_folder_that_is_gone_has_no_files() {
        let folder = unchanged_for(MTIME_GRANULARITY * 2);
        let known = scanned(folder.path());
        std::fs::remove_dir_all(folder.path()).unwrap();
        let scan = known.read(&settings(folder.path()), ScanDepth::Folder).unwrap();
        assert!(scan.present.is_empty());
    }
}
