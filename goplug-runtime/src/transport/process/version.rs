//! Which file a program was started from, to see later that another lies in its place, or
//! that it was touched.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::OpenProgram;

/// A file as it was at one moment: which one its path meant, and when it was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVersion {
    path: PathBuf,
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl FileVersion {
    /// The version of an open program.
    ///
    /// # Errors
    /// What the system says.
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

    /// What lies at the path now, if it is another version; `None` also if nothing does.
    /// Does blocking I/O.
    pub fn successor(&self) -> Option<Self> {
        let now = Self::new(&self.path, &std::fs::metadata(&self.path).ok()?);
        (now != *self).then_some(now)
    }
}

/// For how long a file has to rest before its times tell that it was written again. The
/// coarsest clock of a common file system, FAT's, has ticks of two seconds.
const REST: Duration = Duration::from_secs(2);

/// An open file and when it was touched last, be it its content, its mode or its owner. No
/// program can set that time back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    version: FileVersion,
    changed: (i64, i64),
}

impl FileState {
    /// The state of an open program.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(program: &OpenProgram) -> io::Result<Self> {
        let metadata = program.file().metadata()?;
        Ok(Self {
            version: FileVersion::new(program.path(), &metadata),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Whether the file has rested for so long that another state would show.
    pub fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = u64::try_from(self.changed.0).unwrap_or_default();
        now.saturating_sub(Duration::from_secs(changed + 1)) > REST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_file_or_content_is_a_successor() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::copy("/bin/true", &path).unwrap();
        let version = FileVersion::of(&OpenProgram::open(&path).unwrap()).unwrap();
        assert_eq!(version.successor(), None);

        let newer = temp.path().join("newer");
        std::fs::copy("/bin/true", &newer).unwrap();
        std::fs::rename(&newer, &path).unwrap();
        let successor = version.successor().unwrap();
        assert_eq!(successor.successor(), None);

        std::fs::remove_file(&path).unwrap();
        assert_eq!(version.successor(), None);
    }

    #[test]
    fn a_file_that_was_touched_has_another_state_and_is_not_settled() {
        let resting = OpenProgram::open(Path::new("/bin/true")).unwrap();
        let state = FileState::of(&resting).unwrap();
        assert!(state.is_settled());
        assert_eq!(FileState::of(&resting).unwrap(), state);

        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::copy("/bin/true", &path).unwrap();
        let copy = FileState::of(&OpenProgram::open(&path).unwrap()).unwrap();
        assert!(!copy.is_settled());
        assert_ne!(copy, state);
    }
}
