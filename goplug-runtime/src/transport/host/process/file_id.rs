//! The identity of a program's file, to notice later that the file was replaced or changed.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::OpenProgram;

/// The identity of the file at a path: device, inode, length and time of the last modification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileId {
    path: PathBuf,
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl FileId {
    /// The identity of an open program.
    ///
    /// # Errors
    /// The system's error.
    pub fn of(program: &OpenProgram) -> io::Result<Self> {
        Ok(Self::new(program.path(), &program.file().metadata()?))
    }

    fn new(path: &Path, metadata: &Metadata) -> Self {
        Self {
            path: path.into(),
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    /// The identity of the file that is at the path now, if it is another one; `None` also if there
    /// is no file. Does blocking I/O.
    pub fn successor(&self) -> Option<Self> {
        let now = Self::new(&self.path, &std::fs::metadata(&self.path).ok()?);
        (now != *self).then_some(now)
    }
}

/// How long a file has to be unchanged before every further change gives it another time. The
/// coarsest timestamps of a common file system, FAT's, have steps of two seconds.
const SETTLE: Duration = Duration::from_secs(2);

/// The identity of a file and the time of its last status change (`ctime`): of its content, mode or
/// owner. Unlike the modification time, no program can set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStamp {
    id: FileId,
    changed: (i64, i64),
}

impl FileStamp {
    /// The stamp of an open file that is at this path.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(path: &Path, file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            id: FileId::new(path, &metadata),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Whether the file has been unchanged for long enough that every further change gives it
    /// another stamp.
    pub fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = u64::try_from(self.changed.0).unwrap_or_default();
        now.saturating_sub(Duration::from_secs(changed + 1)) > SETTLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_replaced_file_has_a_successor() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::copy("/bin/true", &path).unwrap();
        let id = FileId::of(&OpenProgram::open(&path).unwrap()).unwrap();
        assert_eq!(id.successor(), None);

        let newer = temp.path().join("newer");
        std::fs::copy("/bin/true", &newer).unwrap();
        std::fs::rename(&newer, &path).unwrap();
        let successor = id.successor().unwrap();
        assert_eq!(successor.successor(), None);

        std::fs::remove_file(&path).unwrap();
        assert_eq!(id.successor(), None);
    }

    #[test]
    fn a_fresh_file_has_another_stamp_and_is_not_settled() {
        let stamp_of = |path: &Path| FileStamp::of_file(path, &File::open(path).unwrap()).unwrap();
        let stamp = stamp_of(Path::new("/bin/true"));
        assert!(stamp.is_settled());
        assert_eq!(stamp_of(Path::new("/bin/true")), stamp);

        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::copy("/bin/true", &path).unwrap();
        let copy = stamp_of(&path);
        assert!(!copy.is_settled());
        assert_ne!(copy, stamp);
    }
}
