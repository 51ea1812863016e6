//! Replacing a file atomically, and removing it again only while it is the same file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::{FILE_BASIC_INFO, FILE_READ_ATTRIBUTES};

use super::file_name::check_file_name;
use crate::transport::FileAccess;
use crate::transport::temporary_file::write_beside;
use crate::transport::windows::file_index::{FileIndex, information};
use crate::transport::windows::open::open_to_look;
use crate::transport::windows::private_create::create_protected;

/// How long to wait for others who have the old file open, as a virus scanner has.
const IN_USE: Duration = Duration::from_secs(1);

/// A file that this process has written.
///
/// It is not kept open, since not every file system can replace a file that is. Another file may have the
/// same number once this one is gone, but not the time at which it was made.
#[derive(Debug)]
pub struct WrittenFile {
    path: PathBuf,
    made: Made,
}

/// Which file it is, and when it was made.
type Made = (FileIndex, i64);

/// Replaces the file at `path`, or creates it, with this text. A reader sees either the old file or
/// the new one. The file has the access list that its folder gives to new files. Does blocking I/O, and
/// waits for at most a second for others who use the old file.
///
/// # Errors
/// The system's error, or that there can be no file of this name; then nothing has changed.
pub fn replace_file(path: &Path, text: &str) -> io::Result<WrittenFile> {
    check_file_name(path)?;
    write_beside(path, text, OpenOptions::new().read(true), |file, temporary| {
        let made = made(&file)?;
        drop(file);
        rename(temporary, path)?;
        Ok(WrittenFile { path: path.into(), made })
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
        let found = open_to_look(&self.path, FILE_READ_ATTRIBUTES)?;
        Ok(made(&found)? == self.made)
    }
}

fn made(file: &File) -> io::Result<Made> {
    Ok((FileIndex::of(file)?, information::<FILE_BASIC_INFO>(file)?.CreationTime))
}

/// Creates a folder that does not exist, and those above it, so that no other user may write to
/// them whatever the folder that they are made in lets its users do. Leaves an existing folder as it is.
///
/// # Errors
/// The system's error.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_folder(parent)?;
    }
    match create_private(path) {
        // Another process has made it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created,
    }
}

/// Creates one folder. It has the access list that the folder above gives to new ones, unless that would
/// let others write.
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    if FileAccess::at(path)?.writable_by_others()?.is_none() {
        return Ok(());
    }
    // If it is not empty any more, somebody has been quick: that is an error.
    fs::remove_dir(path)?;
    create_protected(path)
}

/// Renames a file, and waits for others who have the one that it replaces open.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let deadline = Instant::now() + IN_USE;
    loop {
        match fs::rename(from, to) {
            Err(error) if is_in_use(&error) && !to.is_dir() && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            renamed => return renamed,
        }
    }
}

fn is_in_use(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(i32::cast_unsigned);
    matches!(number, Some(ERROR_ACCESS_DENIED | ERROR_SHARING_VIOLATION))
}

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn a_file_that_is_open_is_replaced_at_the_latest_when_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pconf");
        fs::write(&path, "old").unwrap();
        let reader = File::open(&path).unwrap();
        let written = std::thread::scope(|scope| {
            let replaced = scope.spawn(|| replace_file(&path, "new"));
            drop(reader);
            replaced.join().unwrap().unwrap()
        });
        assert!(written.is_in_place().unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn another_file_with_the_same_content_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pconf");
        let written = replace_file(&path, "same").unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
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

    #[test]
    fn folders_are_created_that_nobody_else_may_write() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("a").join("b");
        create_folder(&made).unwrap();
        create_folder(&made).unwrap();
        assert_eq!(FileAccess::at(&made).unwrap().writable_by_others().unwrap(), None);
    }
}
