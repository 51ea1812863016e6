//! The identity of a file, to notice later that it was replaced or changed.
//!
//! Installers pin what a clock says: reproducible builds, `rsync -t` and image layers leave the same
//! time on every version of a file, and often the same length. So the identity also has what no
//! program can set: device, inode, and the time of the last status change.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::OpenProgram;

/// How far from now a change has to be before every further change gives the file another stamp. The
/// coarsest timestamps of a common file system, FAT's, have steps of two seconds.
const SETTLE: Duration = Duration::from_secs(3);

/// What changes whenever a file or folder does: device, inode, length, and the times of the last
/// modification and of the last status change (`ctime`): of its content, mode or owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileStamp {
    /// The stamp of an open file.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(file: &File) -> io::Result<Self> {
        Ok(Self::of_metadata(&file.metadata()?))
    }

    /// The stamp of the file that this metadata is of.
    pub fn of_metadata(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The stamp of what is at this path, links followed; `None` if there is nothing. Does blocking
    /// I/O.
    ///
    /// # Errors
    /// The system's error if it is not known whether there is something.
    pub fn at(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of_metadata(&metadata))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the last change is far enough from now that every further change gives the file
    /// another stamp. A change that a clock which was set back dates in the future is far as well.
    pub fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = u64::try_from(self.changed.0).unwrap_or_default();
        now.abs_diff(Duration::from_secs(changed)) > SETTLE + Duration::from_secs(1)
    }

    /// Whether it is the same file with the same length and time of modification, so that at most
    /// its mode, owner or links have changed, unless somebody has set that time.
    pub fn is_same_but_for_status(&self, other: &Self) -> bool {
        Self { changed: other.changed, ..*self } == *other
    }
}

/// Whether an error says that there is nothing at a path. Every other error of looking leaves that
/// open.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A path, and the stamp of the file that was there; `None` if there was no file.
type StampedPath = (PathBuf, Option<FileStamp>);

/// Who may search and write a folder: its mode, its user and its group. What is in it does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FolderAccess {
    mode: u32,
    user: u32,
    group: u32,
}

impl FolderAccess {
    /// Of the folder at a path; `None` if that is not known.
    fn at(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self { mode: metadata.mode(), user: metadata.uid(), group: metadata.gid() })
    }
}

/// The identity of the files that a process runs: of its program, and of the files that its
/// arguments name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileId {
    files: Vec<StampedPath>,
    /// The folders that belong to the identity.
    folders: Vec<(PathBuf, Option<FolderAccess>)>,
}

impl FileId {
    /// The identity of an open program.
    ///
    /// # Errors
    /// The system's error.
    pub fn of(program: &OpenProgram) -> io::Result<Self> {
        Ok(Self::of_one(program.path(), Some(FileStamp::of_file(program.file())?)))
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

    /// The same files, with the folders of their paths, links followed or not, as those are now: with
    /// another mode or owner of one of them, the identity is another. Does blocking I/O.
    #[must_use]
    pub fn with_folders(self) -> Self {
        let mut paths = Vec::new();
        for (path, _) in &self.files {
            let real = path.canonicalize().ok();
            for folder in
                [Some(path), real.as_ref()].into_iter().flatten().filter_map(|p| p.parent())
            {
                if !paths.iter().any(|known| known == folder) {
                    paths.push(folder.to_path_buf());
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
fn accesses(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Option<FolderAccess>)> {
    let access = |path: PathBuf| {
        let access = FolderAccess::at(&path);
        (path, access)
    };
    paths.into_iter().map(access).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Sets the times that a program can set to those of an old file, as installers do.
    fn pin(path: &Path) {
        File::options().append(true).open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    }

    #[test]
    fn only_a_replaced_file_has_a_successor() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        fs::copy("/bin/true", &path).unwrap();
        let id = FileId::of(&OpenProgram::open(&path).unwrap()).unwrap();
        assert_eq!(id.successor(), None);

        let newer = temp.path().join("newer");
        fs::copy("/bin/true", &newer).unwrap();
        fs::rename(&newer, &path).unwrap();
        let successor = id.successor().unwrap();
        assert_eq!(successor.successor(), None);

        fs::remove_file(&path).unwrap();
        assert_eq!(id.successor(), None);
    }

    #[test]
    fn a_file_that_replaces_one_of_equal_length_and_time_is_its_successor() {
        let temp = tempfile::tempdir().unwrap();
        let (path, newer) = (temp.path().join("program"), temp.path().join("newer"));
        fs::write(&path, "old").unwrap();
        fs::write(&newer, "new").unwrap();
        pin(&path);
        pin(&newer);
        let id = FileId::at(&path).unwrap();
        fs::rename(&newer, &path).unwrap();
        assert!(id.successor().is_some());
    }

    #[test]
    fn a_file_that_is_written_in_place_with_a_pinned_time_has_another_stamp() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        fs::write(&path, "old").unwrap();
        pin(&path);
        let stamp = FileStamp::at(&path).unwrap().unwrap();
        // The clock of the file system has to move on: within one of its steps, only a stamp that
        // is not settled tells that it may be out of date.
        assert!(!stamp.is_settled());
        let changed = || {
            fs::write(&path, "new").unwrap();
            pin(&path);
            FileStamp::at(&path).unwrap().unwrap() != stamp
        };
        while !changed() {
            std::thread::yield_now();
        }
        assert!(stamp.is_same_but_for_status(&FileStamp::at(&path).unwrap().unwrap()));
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
        let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
        let id = FileId::of(&program).unwrap().with(std::slice::from_ref(&script)).unwrap();
        assert_eq!(id.successor(), None);
        fs::rename(&script, temp.path().join("old")).unwrap();
        assert_eq!(id.successor(), None, "one that is missing does not succeed");
        fs::write(&script, "y").unwrap();
        let successor = id.successor().unwrap();
        assert_eq!(successor.successor(), None);
        assert!(!successor.is_same_but_for_status(&id));
    }

    #[test]
    fn only_a_change_of_the_status_is_told_apart() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        fs::write(&path, "x").unwrap();
        let id = FileId::at(&path).unwrap();
        let mut mode = 0o700;
        let successor = loop {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            mode ^= 0o100;
            if let Some(successor) = id.successor() {
                break successor;
            }
        };
        assert!(successor.is_same_but_for_status(&id));
        fs::write(&path, "longer").unwrap();
        assert!(!id.successor().unwrap().is_same_but_for_status(&id));
    }

    #[test]
    fn another_mode_of_a_folder_is_another_identity_and_another_file_in_it_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let (path, link) = (folder.join("program"), temp.path().join("link"));
        fs::write(&path, "x").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let id = FileId::at(&link).unwrap();
        let with_folders = id.clone().with_folders();
        fs::write(folder.join("other"), "y").unwrap();
        assert_eq!(with_folders.successor(), None);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(id.successor(), None);
        let successor = with_folders.successor().unwrap();
        assert_eq!(successor.successor(), None);
    }

    #[test]
    fn a_path_that_cannot_be_looked_at_is_not_absent() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("loop");
        std::os::unix::fs::symlink(&path, &path).unwrap();
        assert!(FileStamp::at(&path).is_err());
        assert_eq!(FileStamp::at(&temp.path().join("nothing")).unwrap(), None);
        fs::write(temp.path().join("file"), "").unwrap();
        assert_eq!(FileStamp::at(&temp.path().join("file/within")).unwrap(), None);
    }

    #[test]
    fn a_fresh_file_has_another_stamp_and_is_not_settled() {
        let stamp_of = |path: &Path| FileStamp::of_file(&File::open(path).unwrap()).unwrap();
        let stamp = stamp_of(Path::new("/bin/true"));
        assert!(stamp.is_settled());
        assert_eq!(stamp_of(Path::new("/bin/true")), stamp);

        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        fs::copy("/bin/true", &path).unwrap();
        let copy = stamp_of(&path);
        assert!(!copy.is_settled());
        assert_ne!(copy, stamp);
    }

    #[test]
    fn a_change_in_the_future_is_settled_unless_it_is_near() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
        let changed_at = |second| FileStamp {
            device: 1,
            inode: 1,
            length: 1,
            modified: (i64::MAX, 0),
            changed: (second, 0),
        };
        assert!(changed_at(now + 3600).is_settled());
        assert!(!changed_at(now + 1).is_settled());
        assert!(!changed_at(now).is_settled());
        assert!(changed_at(now - 10).is_settled());
    }
}
