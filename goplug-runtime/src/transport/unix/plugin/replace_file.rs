//! Replacing a file atomically, and removing it again only while it is the same file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::transport::per_process::Owner;
use crate::transport::temporary_file::write_beside;
use crate::transport::unix::inode::Inode;

/// Only the owner may write, even if the process's umask allows more: a registry refuses files that
/// others may write.
const MODE: u32 = 0o644;

/// The mode of folders, for the same reason. A stricter umask of the process makes both stricter.
const FOLDER_MODE: u32 = 0o755;

/// A file that this process has written.
///
/// It is kept open, so that no other file can have the same device and inode number.
#[derive(Debug)]
pub struct WrittenFile {
    path: PathBuf,
    file: File,
    /// A forked copy of the process that has written it does not take it for its own.
    owner: Owner,
}

/// Replaces the file at `path`, or creates it, with this text. A reader sees either the old file or
/// the new one. Does blocking I/O.
///
/// # Errors
/// The system's error; then nothing has changed.
pub fn replace_file(path: &Path, text: &str) -> io::Result<WrittenFile> {
    write_beside(path, text, OpenOptions::new().mode(MODE), |file, temporary| {
        fs::rename(temporary, path)?;
        Ok(WrittenFile { path: path.into(), file, owner: Owner::this_process() })
    })
}

impl WrittenFile {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file at the path is this one, written by this process.
    ///
    /// # Errors
    /// The system's error, also if there is no file.
    pub fn is_in_place(&self) -> io::Result<bool> {
        let (own, found) = (self.file.metadata()?, fs::symlink_metadata(&self.path)?);
        Ok(Inode::of(&own) == Inode::of(&found) && self.owner.is_this_process())
    }
}

/// Creates a folder that does not exist, and those above it, so that no other user may write to
/// them whatever the process's umask allows. Leaves an existing folder as it is.
///
/// # Errors
/// The system's error.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pconf");

        for text in ["old", "new"] {
            let written = replace_file(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert!(written.is_in_place().unwrap());
        }

        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o022, 0);
    }

    #[test]
    fn another_file_with_the_same_content_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pconf");
        let written = replace_file(&path, "same").unwrap();
        fs::remove_file(&path).unwrap();
        assert!(written.is_in_place().is_err());
        fs::write(&path, "same").unwrap();
        assert!(!written.is_in_place().unwrap());
    }

    #[test]
    fn a_failed_replacement_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("a.pconf");
        fs::create_dir(&taken).unwrap();

        assert!(replace_file(&taken, "new").is_err());

        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
