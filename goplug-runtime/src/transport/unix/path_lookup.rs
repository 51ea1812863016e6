//! Which folders and links decide to what a path leads.
//!
//! A user who may write one of the folders in which the names of a path are looked up can put something
//! else in the place of what is there, also above it: a folder that the path goes through, or the folder
//! that has a link. The same is true of the owner of a link in a folder with the sticky bit.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use crate::transport::PathLookup;

/// How many links a path may go through: as many as the system follows.
const MAX_LINKS: usize = 40;

impl PathLookup {
    /// Follows a path as the system does. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error; also if a name on the way is missing. The last one may be missing.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let (mut folders, mut links) = (Vec::new(), Vec::new());
        let mut here = PathBuf::from("/");
        let mut ahead: VecDeque<_> = names(&path).collect();
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                here.pop();
                continue;
            }
            // The path comes back to a folder for another name, by a link.
            if !folders.contains(&here) {
                folders.push(here.clone());
            }
            let entry = here.join(&name);
            match std::fs::read_link(&entry) {
                Ok(_) if links.len() == MAX_LINKS => return Err(Errno::LOOP.into()),
                Ok(target) => {
                    if target.has_root() {
                        here = PathBuf::from("/");
                    }
                    names(&target).rev().for_each(|name| ahead.push_front(name));
                    links.push(entry);
                }
                // It is no link.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => here = entry,
                Err(error) if error.kind() == io::ErrorKind::NotFound && ahead.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        folders.reverse();
        Ok(Self { folders, links })
    }

    /// The same for a folder. Does blocking I/O.
    ///
    /// # Errors
    /// As for [`PathLookup::of`].
    pub fn of_folder(path: &Path) -> io::Result<Self> {
        Self::of(path)
    }
}

/// The names of a path, and its `..`.
fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(_) | Component::ParentDir => Some(component.as_os_str().to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// What decides to what a path below a folder leads, without what is above that.
    fn lookup(root: &Path, path: &str) -> (Vec<String>, Vec<String>) {
        let PathLookup { folders, links } = PathLookup::of(&root.join(path)).unwrap();
        let below = |paths: Vec<PathBuf>| {
            let below = paths.iter().filter_map(|path| path.strip_prefix(root).ok());
            below.map(|path| path.display().to_string()).collect()
        };
        (below(folders), below(links))
    }

    #[test]
    fn each_folder_in_which_a_name_is_looked_up_is_found() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        for folder in ["a/b", "m", "x/y"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("x/y/program"), "").unwrap();
        symlink(root.join("m/second"), root.join("a/b/first")).unwrap();
        symlink("../x/y", root.join("m/second")).unwrap();
        symlink("program", root.join("x/y/third")).unwrap();

        assert_eq!(lookup(&root, "x/y/program").0, ["x/y", "x", ""]);
        assert_eq!(lookup(&root, "x/y/none").0, ["x/y", "x", ""]);
        let (folders, links) = lookup(&root, "a/b/first/third");
        assert_eq!(folders, ["x/y", "x", "m", "a/b", "a", ""]);
        assert_eq!(links, ["a/b/first", "m/second", "x/y/third"]);
        assert_eq!(lookup(&root, "a/../x/y/program").0, ["x/y", "x", ""]);
        assert!(PathLookup::of(&root).unwrap().folders.contains(&PathBuf::from("/")));
    }

    #[test]
    fn a_path_without_an_end_and_one_that_leads_nowhere_are_errors() {
        let temp = tempfile::tempdir().unwrap();
        symlink("endless", temp.path().join("endless")).unwrap();
        let error = PathLookup::of(&temp.path().join("endless")).unwrap_err();
        assert_eq!(Errno::from_io_error(&error), Some(Errno::LOOP));
        let error = PathLookup::of(&temp.path().join("none/program")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
