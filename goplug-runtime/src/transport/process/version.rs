//! Which file a program was started from, to see later that another lies in its place.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

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
}
