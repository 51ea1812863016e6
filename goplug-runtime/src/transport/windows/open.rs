//! Opening a file of unknown kind.
//!
//! A name may lead to a device, such as `CON`, or to a pipe, whose server could then act as this user:
//! `SECURITY_IDENTIFICATION` lets it only know who that is.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

#[cfg(feature = "host")]
use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, SECURITY_IDENTIFICATION,
};

/// Opens a file or a folder, links followed, with these rights to what is known of it, and none to its
/// content. Nobody else is kept from anything.
pub(super) fn open_to_look(path: &Path, rights: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.access_mode(rights);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS).security_qos_flags(SECURITY_IDENTIFICATION);
    options.open(path)
}

/// Opens a file or a folder for reading, without waiting if it is a device or a pipe. The caller finds out from
/// the open file what kind it is. Others may write, replace and remove it meanwhile.
///
/// # Errors
/// The system's error.
#[cfg(feature = "host")]
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS).security_qos_flags(SECURITY_IDENTIFICATION);
    options.open(path)
}

/// As [`open_without_waiting`]; but until the file is closed, nobody can write it, and neither rename nor
/// remove it.
///
/// # Errors
/// The system's error, also if somebody has the file open for writing.
#[cfg(feature = "host")]
pub fn open_unchanging(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).share_mode(FILE_SHARE_READ).security_qos_flags(SECURITY_IDENTIFICATION);
    options.open(path)
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_looked_at_or_read_can_be_written_and_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a");
        fs::write(&path, "old").unwrap();
        let _looked = open_to_look(&path, 0).unwrap();
        let _read = open_without_waiting(&path).unwrap();
        fs::write(&path, "new").unwrap();
        fs::rename(&path, temp.path().join("b")).unwrap();
    }

    #[test]
    fn a_folder_is_opened_and_known_as_one() {
        let temp = tempfile::tempdir().unwrap();
        assert!(open_without_waiting(temp.path()).unwrap().metadata().unwrap().is_dir());
    }

    #[test]
    fn a_pinned_file_stays_as_it_is_until_it_is_closed() {
        let temp = tempfile::tempdir().unwrap();
        let (path, other) = (temp.path().join("a"), temp.path().join("b"));
        fs::write(&path, "old").unwrap();
        fs::write(&other, "new").unwrap();
        let pinned = open_unchanging(&path).unwrap();
        assert!(fs::write(&path, "new").is_err());
        assert!(fs::rename(&other, &path).is_err());
        assert!(fs::remove_file(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        drop(pinned);
        fs::write(&path, "new").unwrap();
    }

    #[test]
    fn what_somebody_writes_is_not_pinned() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let error = open_unchanging(temp.path()).unwrap_err();
        assert!(crate::transport::is_passing(&error), "{error}");
    }
}
