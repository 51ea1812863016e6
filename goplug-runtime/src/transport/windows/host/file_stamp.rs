//! What changes with a file, to notice later that it was replaced or written.
//!
//! Installers pin what a clock says: reproducible builds and archives leave the same time on every
//! version of a file, and often the same length. So the stamp also has which file it is, and the time of
//! the last change of whatever is known of it, which few programs set.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use windows_sys::Win32::Storage::FileSystem::{
    FILE_BASIC_INFO, FILE_READ_ATTRIBUTES, FILE_STANDARD_INFO,
};

use crate::transport::absent::is_absent;
use crate::transport::settled::is_far_from_now;
use crate::transport::windows::file_index::{FileIndex, information};
use crate::transport::windows::open::open_to_look;

/// From the beginning of Windows' time, in 1601, to that of Unix's.
const UNIX_EPOCH_SECONDS: u64 = 11_644_473_600;

/// The steps in which Windows counts time.
const STEPS_PER_SECOND: u64 = 10_000_000;

/// What changes whenever a file or folder does: volume and number, length, and the times of the last
/// write and of the last change of content, attributes or access list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    index: FileIndex,
    length: i64,
    /// In steps of 100 ns from 1601 on, as the next.
    written: i64,
    changed: i64,
}

impl FileStamp {
    /// The stamp of an open file.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(file: &File) -> io::Result<Self> {
        let times = information::<FILE_BASIC_INFO>(file)?;
        Ok(Self {
            index: FileIndex::of(file)?,
            length: information::<FILE_STANDARD_INFO>(file)?.EndOfFile,
            written: times.LastWriteTime,
            changed: times.ChangeTime,
        })
    }

    /// The stamp of what is at this path, links followed; `None` if there is nothing. Does blocking
    /// I/O.
    ///
    /// # Errors
    /// The system's error if it is not known whether there is something.
    pub fn at(path: &Path) -> io::Result<Option<Self>> {
        match open_to_look(path, FILE_READ_ATTRIBUTES) {
            Ok(file) => Self::of_file(&file).map(Some),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the last change is far enough from now that every further change gives the file
    /// another stamp. A change that a clock which was set back dates in the future is far as well.
    pub fn is_settled(&self) -> bool {
        let seconds = u64::try_from(self.changed).unwrap_or_default() / STEPS_PER_SECOND;
        is_far_from_now(Duration::from_secs(seconds.saturating_sub(UNIX_EPOCH_SECONDS)))
    }

    /// Whether it is the same file with the same length and time of the last write, so that at most
    /// its attributes, access list or links have changed, unless somebody has set that time.
    pub fn is_same_but_for_status(&self, other: &Self) -> bool {
        Self { changed: other.changed, ..*self } == *other
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    /// Sets the times that a program can set to those of an old file, as installers do.
    fn pin(path: &Path) {
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }

    fn stamp(path: &Path) -> FileStamp {
        FileStamp::at(path).unwrap().unwrap()
    }

    #[test]
    fn a_file_that_replaces_another_of_equal_length_and_time_has_another_stamp() {
        let temp = tempfile::tempdir().unwrap();
        let (path, newer) = (temp.path().join("program"), temp.path().join("newer"));
        for (path, text) in [(&path, "old"), (&newer, "new")] {
            fs::write(path, text).unwrap();
            pin(path);
        }
        let before = stamp(&path);
        fs::rename(&newer, &path).unwrap();
        assert_ne!(stamp(&path), before);
        assert!(!stamp(&path).is_same_but_for_status(&before));
    }

    #[test]
    fn the_stamp_of_an_open_file_and_of_its_path_are_the_same() {
        let path = std::env::current_exe().unwrap();
        assert_eq!(FileStamp::of_file(&File::open(&path).unwrap()).unwrap(), stamp(&path));
    }

    #[test]
    fn a_path_without_a_file_is_absent() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [temp.path().join("nothing"), temp.path().join("no/thing"), file.join("within")]
        {
            assert_eq!(FileStamp::at(&path).unwrap(), None, "{path:?}");
        }
        assert!(FileStamp::at(&PathBuf::from("a\0b")).is_err());
    }

    #[test]
    fn a_folder_has_a_stamp() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(stamp(temp.path()), stamp(temp.path()));
    }

    #[test]
    fn a_fresh_file_is_not_settled_and_an_old_change_is() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let fresh = stamp(temp.path());
        assert!(!fresh.is_settled());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let changed_at = |second: u64| {
            let steps = (second + UNIX_EPOCH_SECONDS) * STEPS_PER_SECOND;
            FileStamp { changed: steps.cast_signed(), ..fresh }
        };
        assert!(changed_at(now - 10).is_settled() && changed_at(now + 3600).is_settled());
        assert!(!changed_at(now + 1).is_settled());
    }
}
