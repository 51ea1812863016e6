//! Files and folders. They have the access-control list of the folder that they are in, which decides whether a
//! registry accepts them.

// The standard library does not say which file a handle is of.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, GetFileInformationByHandle,
};

use super::handle::check;
use super::sockets::is_socket;

/// What tells a file from the one that was there before: volume, number, length, and the time of the last write.
pub(crate) type Stamp = (u32, u64, u64, u64);

/// The stamp of a file, as it is now.
pub(crate) fn stamp(path: &Path) -> io::Result<Stamp> {
    let found = information(path)?;
    let (volume, number) = identity_of(&found);
    let length = joined(found.nFileSizeHigh, found.nFileSizeLow);
    let written = found.ftLastWriteTime;
    Ok((volume, number, length, joined(written.dwHighDateTime, written.dwLowDateTime)))
}

/// What tells a file or a folder from another that has or had the same path: volume and number.
pub(crate) type Identity = (u32, u64);

/// The identity of what is at a path, or at the end of a link.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    Ok(identity_of(&information(path)?))
}

fn identity_of(found: &BY_HANDLE_FILE_INFORMATION) -> Identity {
    (found.dwVolumeSerialNumber, joined(found.nFileIndexHigh, found.nFileIndexLow))
}

fn information(path: &Path) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut options = OpenOptions::new();
    // Folders are opened with that flag alone, and what is asked needs no right.
    let file = options.access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)?;
    let mut found = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
    // SAFETY: the handle is open, the pointer is to a value of ours, and zero is valid for it.
    unsafe {
        check(GetFileInformationByHandle(file.as_raw_handle(), found.as_mut_ptr()))?;
        Ok(found.assume_init())
    }
}

/// The number of which Windows tells the two halves.
pub(super) fn joined(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The absolute path of what exists, free of links, as other programs take it: without `\\?\` where they can do
/// without. A socket's path is that already.
pub(crate) fn real_path(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref();
    if is_socket(path) {
        return Ok(path.to_owned());
    }
    dunce::canonicalize(path)
}

/// Lets everybody read a file, and execute it, who may read its folder: the file has the folder's list already.
pub(crate) fn make_public(_file: &File, _is_executable: bool) -> io::Result<()> {
    Ok(())
}

/// Writes a file that does not exist.
pub(crate) fn write_new(path: &Path, text: &str, _is_executable: bool) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_real_path_is_one_that_other_programs_take() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b");
        fs::write(&path, "").unwrap();
        let real = real_path(&path).unwrap();
        assert!(!real.to_str().unwrap().starts_with(r"\\?\"), "{}", real.display());
        assert_eq!(real, real_path(&real).unwrap());
        let socket = Path::new(r"\\.\pipe\goplug-0");
        assert_eq!(real_path(socket).unwrap(), socket);
    }

    #[test]
    fn a_file_that_is_written_or_replaced_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "1").unwrap();
        let first = stamp(&path).unwrap();
        assert_eq!(stamp(&path).unwrap(), first);
        fs::write(&path, "12").unwrap();
        assert_ne!(stamp(&path).unwrap(), first);
        assert_eq!(identity(&path).unwrap(), (first.0, first.1));
        assert_ne!(identity(folder.path()).unwrap(), identity(&path).unwrap());
    }
}
