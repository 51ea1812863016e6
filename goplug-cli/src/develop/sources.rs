//! Which folders and files are sources, and which are what builds write and what tools keep.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::system::{Identity, identity, real_path};

/// What a build writes and what tools keep for themselves.
const IGNORED: [&str; 4] = ["target", "node_modules", "__pycache__", "Cargo.lock"];

/// Marks a folder that a tool can make again, such as cargo's with another name than `target`
/// (<https://bford.info/cachedir/>).
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// The most folders that are watched. A link may lead to a whole disk.
const MAX_FOLDERS: usize = 10_000;

/// What is no source, whatever its name.
#[derive(Clone, Debug)]
pub(super) struct Excluded {
    /// The folder in which the plugins are installed.
    pub(super) installed: PathBuf,
    /// The programs that a build makes, and the files to which this command prints.
    pub(super) files: BTreeSet<PathBuf>,
}

impl Excluded {
    /// Whether what is at this path may be a source, by its name and its place.
    pub(super) fn allows(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_other = name.starts_with('.') || name.ends_with('~') || is_built(path);
        !is_other && !path.starts_with(&self.installed) && !self.files.contains(path)
    }

    /// Whether a folder has a file that may be a source and was written since this time.
    pub(super) fn allows_a_file_of(&self, folder: &Path, since: SystemTime) -> bool {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let is_recent = |entry: &DirEntry| {
            let found = entry.metadata();
            found.is_ok_and(|found| !found.is_dir() && found.modified().is_ok_and(|at| at >= since))
        };
        entries.into_iter().any(|entry| self.allows(&entry.path()) && is_recent(&entry))
    }
}

/// A walk through the folders with sources.
pub(super) struct Walk<'a> {
    roots: &'a BTreeSet<PathBuf>,
    excluded: &'a Excluded,
    pending: Vec<PathBuf>,
    visited: HashSet<Identity>,
}

impl<'a> Walk<'a> {
    /// A walk through these folders and those below them. Links to folders are followed.
    pub(super) fn new(roots: &'a BTreeSet<PathBuf>, excluded: &'a Excluded) -> Self {
        let pending = roots.iter().rev().cloned().collect();
        Self { roots, excluded, pending, visited: HashSet::new() }
    }

    /// The next folder, which exists. [`Walk::enter`] makes those in it the next ones.
    pub(super) fn next_folder(&mut self) -> Option<(PathBuf, Identity)> {
        while let Some(folder) = self.pending.pop() {
            if let Ok(found) = identity(&folder)
                && folder.is_dir()
                && self.visited.insert(found)
            {
                return Some((folder, found));
            }
        }
        None
    }

    /// Whether there are more folders than are watched.
    pub(super) fn is_too_long(&self) -> bool {
        self.visited.len() > MAX_FOLDERS
    }

    /// Looks for the folders in a folder. To be called once it is watched: a folder that comes later is
    /// an event.
    pub(super) fn enter(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let sources = entries.filter(|entry| self.excluded.allows(&entry.path()));
        for entry in sources.collect::<Vec<_>>() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_cache(&path) => self.pending.push(path),
                Ok(kind) if kind.is_symlink() => self.pending.extend(self.linked(&path)),
                _ => {}
            }
        }
    }

    /// The folder to which a link leads, if it is one of sources that the walk does not find without
    /// the link. A link may lead to what a build has written, or to a folder above.
    fn linked(&self, link: &Path) -> Option<PathBuf> {
        let folder = real_path(link).ok().filter(|folder| folder.is_dir())?;
        let is_around = |root: &PathBuf| root.starts_with(&folder) || folder.starts_with(root);
        if self.roots.iter().any(is_around) {
            return None;
        }
        let from = link.parent()?;
        // What both paths have in common says nothing.
        let mut own = folder.ancestors().take_while(|ancestor| !from.starts_with(ancestor));
        let is_built = |folder: &Path| is_built(folder) || is_cache(folder);
        let is_source = !own.any(is_built) && !folder.starts_with(&self.excluded.installed);
        is_source.then_some(folder)
    }
}

/// Whether a name is one that builds and tools use for their own.
fn is_built(path: &Path) -> bool {
    path.file_name().is_some_and(|name| IGNORED.iter().any(|ignored| name == *ignored))
}

/// Whether a tool has marked a folder as one that it can make again.
fn is_cache(folder: &Path) -> bool {
    folder.join(CACHE_TAG).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::link_folder;

    fn made(root: &Path, names: &[&str]) {
        names.iter().for_each(|name| fs::create_dir_all(root.join(name)).unwrap());
    }

    fn walked(roots: &[&Path]) -> BTreeSet<PathBuf> {
        let roots = roots.iter().map(|root| root.to_path_buf()).collect();
        let excluded = Excluded { installed: "/none".into(), files: BTreeSet::new() };
        let mut walk = Walk::new(&roots, &excluded);
        let mut found = BTreeSet::new();
        while let Some((folder, _)) = walk.next_folder() {
            walk.enter(&folder);
            found.insert(folder);
        }
        found
    }

    #[test]
    fn names_and_places_tell_what_is_a_source() {
        let excluded =
            Excluded { installed: "/p/plugins".into(), files: BTreeSet::from(["/p/made".into()]) };
        for source in ["/p/src/main.rs", "/p/Cargo.toml", "/p/plugins.rs", "/p/src/made"] {
            assert!(excluded.allows(Path::new(source)), "{source}");
        }
        let others =
            ["/p/plugins/a", "/p/target", "/p/.git", "/p/src/main.rs~", "/p/Cargo.lock", "/p/made"];
        for other in others {
            assert!(!excluded.allows(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn folders_that_tools_can_make_again_are_left_out() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        made(root, &["src/deep", "out/debug", "target/debug", ".git/objects"]);
        fs::write(root.join("out/CACHEDIR.TAG"), "").unwrap();
        let expected = ["", "src", "src/deep"].map(|name| root.join(name));
        assert_eq!(walked(&[root]), BTreeSet::from(expected));
    }

    #[test]
    fn links_to_folders_of_sources_are_followed_once() {
        let temp = tempfile::tempdir().unwrap();
        let temp = temp.path();
        made(temp, &["p/src", "shared/deep", "out/target/debug", "cache/debug"]);
        let root = temp.join("p");
        fs::write(temp.join("cache/CACHEDIR.TAG"), "").unwrap();
        for (link, to) in [
            ("shared", "shared"),
            ("again", "shared"),
            ("built", "out/target/debug"),
            ("cached", "cache/debug"),
            ("up", ""),
            ("round", "p/src"),
            ("dangling", "nowhere"),
        ] {
            link_folder(&temp.join(to), &root.join(link)).unwrap();
        }
        let expected = ["p", "p/src", "shared", "shared/deep"].map(|name| temp.join(name));
        assert_eq!(walked(&[&root]), BTreeSet::from(expected));
    }
}
