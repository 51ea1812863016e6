//! What changes with a file, to notice later that it was replaced or written.
//!
//! Installers pin what a clock says: reproducible builds, `rsync -t` and image layers leave the same
//! time on every version of a file, and often the same length. So the stamp also has what no
//! program can set: device, inode, and the time of the last status change.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::transport::absent::is_absent;
use crate::transport::settled::is_far_from_now;

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

    fn of_metadata(metadata: &Metadata) -> Self {
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
        is_far_from_now(Duration::from_secs(u64::try_from(self.changed.0).unwrap_or_default()))
    }

    /// Whether it is the same file with the same length and time of modification, so that at most
    /// its mode, owner or links have changed, unless somebody has set that time.
    pub fn is_same_but_for_status(&self, other: &Self) -> bool {
        Self { changed: other.changed, ..*self } == *other
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::transport::FileId;

    /// Sets the times that a program can set to those of an old file, as installers do.
    fn pin(path: &Path) {
        File::options().append(true).open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
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
