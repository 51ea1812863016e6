//! Which files a process runs, to notice later that one of them was replaced or changed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{FileAccess, FileStamp, OpenProgram, PathLookup};

/// A path, and the stamp of the file that was there; `None` if there was no file.
type StampedPath = (PathBuf, Option<FileStamp>);

/// The identity of the files that a process runs: of its program, and of the files that its
/// arguments name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileId {
    files: Vec<StampedPath>,
    /// The folders that belong to the identity, and who may write them; `None` if that is not known.
    folders: Vec<(PathBuf, Option<FileAccess>)>,
}

impl FileId {
    /// The identity of an open program.
    ///
    /// # Errors
    /// The system's error.
    pub fn of(program: &OpenProgram) -> io::Result<Self> {
        Ok(Self::of_one(program.path(), Some(FileStamp::of_file(program.file())?)))
    }

    /// Adds an open file that is at a path.
    ///
    /// # Errors
    /// The system's error.
    pub fn with_open(mut self, path: &Path, file: &File) -> io::Result<Self> {
        self.files.push((path.into(), Some(FileStamp::of_file(file)?)));
        Ok(self)
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The first path at which there is another file now, or none, or one that was written or moved
    /// meanwhile, if it was moved back too; also if that is not known. Does blocking I/O.
    pub fn first_changed(&self) -> Option<&Path> {
        let is_changed =
            |(path, stamp): &&StampedPath| FileStamp::at(path).map_or(true, |now| now != *stamp);
        self.files.iter().find(is_changed).map(|(path, _)| path.as_path())
    }

    /// The identity of the file at a path, or that there is none. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error if it is not known whether there is a file.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of_one(path, FileStamp::at(path)?))
    }

    /// That there is no file at a path.
    pub fn absent(path: &Path) -> Self {
        Self::of_one(path, None)
    }

    fn of_one(path: &Path, stamp: Option<FileStamp>) -> Self {
        Self { files: vec![(path.into(), stamp)], folders: Vec::new() }
    }

    /// The same files, with the folders on the way to them, as those are now: with another mode or owner
    /// of one of them, the identity is another. Does blocking I/O.
    #[must_use]
    pub fn with_folders(self) -> Self {
        let mut paths = Vec::new();
        for (path, _) in &self.files {
            let Ok(PathLookup { folders, .. }) = PathLookup::of(path) else { continue };
            for folder in folders {
                if !paths.contains(&folder) {
                    paths.push(folder);
                }
            }
        }
        Self { folders: accesses(paths), ..self }
    }

    /// Adds the files at these paths, or that there are none. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error if it is not known whether there is a file.
    pub fn with(mut self, paths: &[PathBuf]) -> io::Result<Self> {
        for path in paths {
            self.files.push((path.clone(), FileStamp::at(path)?));
        }
        Ok(self)
    }

    /// The identity of the files that are at the paths now, if one of them is another; `None` also
    /// if one is missing, or if that is not known. Does blocking I/O.
    pub fn successor(&self) -> Option<Self> {
        let stamped = |(path, _): &StampedPath| {
            Some((path.clone(), Some(FileStamp::at(path).ok().flatten()?)))
        };
        let files = self.files.iter().map(stamped).collect::<Option<_>>()?;
        let folders = accesses(self.folders.iter().map(|(path, _)| path.clone()));
        let now = Self { files, folders };
        (now != *self).then_some(now)
    }

    /// Whether these are the same files as others, with at most another mode, owner or number of
    /// links, unless somebody has set their times of modification.
    pub fn is_same_but_for_status(&self, other: &Self) -> bool {
        let is_same = |((path, stamp), (others_path, others)): (&StampedPath, &StampedPath)| {
            let (Some(stamp), Some(others)) = (stamp, others) else { return false };
            path == others_path && stamp.is_same_but_for_status(others)
        };
        self.files.len() == other.files.len() && self.files.iter().zip(&other.files).all(is_same)
    }
}

/// Who may search and write the folders at these paths.
fn accesses(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Option<FileAccess>)> {
    let access = |path: PathBuf| {
        let access = FileAccess::at(&path).ok();
        (path, access)
    };
    paths.into_iter().map(access).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn own_program() -> PathBuf {
        std::env::current_exe().unwrap()
    }

    #[test]
    fn only_a_replaced_file_has_a_successor() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        fs::write(&path, "old").unwrap();
        let id = FileId::at(&path).unwrap();
        assert_eq!(id.successor(), None);

        let newer = temp.path().join("newer");
        fs::write(&newer, "newer").unwrap();
        fs::rename(&newer, &path).unwrap();
        let successor = id.successor().unwrap();
        assert_eq!(successor.successor(), None);

        fs::remove_file(&path).unwrap();
        assert_eq!(id.successor(), None);
    }

    #[test]
    fn a_file_that_was_exchanged_is_changed_though_it_is_back() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("script");
        fs::write(&path, "x").unwrap();
        let id = FileId::default().with_open(&path, &File::open(&path).unwrap()).unwrap();
        assert_eq!(id.first_changed(), None);

        fs::write(temp.path().join("other"), "y").unwrap();
        let away = temp.path().join("away");
        // The clock of the file system has to move on.
        let began = std::time::Instant::now();
        while id.first_changed().is_none() {
            fs::rename(&path, &away).unwrap();
            fs::rename(temp.path().join("other"), &path).unwrap();
            assert_eq!(id.first_changed(), Some(path.as_path()));
            fs::rename(&path, temp.path().join("other")).unwrap();
            fs::rename(&away, &path).unwrap();
            assert!(began.elapsed().as_secs() < 60, "it is not seen");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(id.first_changed(), Some(path.as_path()));
        assert!(FileId::default().is_empty() && !id.is_empty());
    }

    #[test]
    fn a_file_that_appears_succeeds_its_absence() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        let absent = FileId::at(&path).unwrap();
        assert_eq!(absent.successor(), None);
        fs::write(&path, "").unwrap();
        assert!(absent.successor().is_some());
    }

    #[test]
    fn a_file_beside_the_program_belongs_to_the_identity() {
        let temp = tempfile::tempdir().unwrap();
        let script = temp.path().join("script");
        fs::write(&script, "x").unwrap();
        let program = OpenProgram::open(&own_program()).unwrap();
        let id = FileId::of(&program).unwrap().with(std::slice::from_ref(&script)).unwrap();
        assert_eq!(id.successor(), None);
        fs::rename(&script, temp.path().join("old")).unwrap();
        assert_eq!(id.successor(), None, "one that is missing does not succeed");
        fs::write(&script, "y").unwrap();
        let successor = id.successor().unwrap();
        assert_eq!(successor.successor(), None);
        assert!(!successor.is_same_but_for_status(&id));
    }
}
