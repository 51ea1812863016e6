//! Making folders that no other user may write to: a registry accepts no others.

// Windows takes access-control lists by address.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

use super::descriptor::{NewDescriptor, user};
use super::file_access::is_writable_by_others;
use super::handle::{check, wide};

/// Makes a folder, and those above it. Each has the list that the folder above gives to new ones, unless that lets
/// others write: then this user, Windows itself and the administrators may do everything, and others only read.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
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

fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    if !is_writable_by_others(path)? {
        return Ok(());
    }
    // If it is not empty any more, somebody has been quick: that is an error.
    fs::remove_dir(path)?;
    create_protected(path)
}

/// Makes a folder that has nothing of the list of the folder above.
fn create_protected(path: &Path) -> io::Result<()> {
    let user = user()?;
    let list = format!("D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;GRGX;;;BU)");
    create_with(path, &list)
}

/// Makes a folder with this list, in the form of Windows' texts (SDDL).
fn create_with(path: &Path, list: &str) -> io::Result<()> {
    let path = wide(std::path::absolute(path)?.as_os_str());
    let descriptor = NewDescriptor::parse(list)?;
    // SAFETY: the path ends in a zero. It and the descriptor live during the call.
    check(unsafe { CreateDirectoryW(path.as_ptr(), descriptor.attributes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody may do everything in it, and in what is made in it.
    const OPEN: &str = "D:P(A;OICI;FA;;;WD)";

    #[test]
    fn a_protected_folder_and_its_files_are_written_by_nobody_else() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a b");
        create_protected(&folder).unwrap();
        fs::write(folder.join("file"), "").unwrap();
        for path in [&folder, &folder.join("file")] {
            assert!(!is_writable_by_others(path).unwrap(), "{}", path.display());
        }
    }

    #[test]
    fn folders_below_a_folder_of_everybody_are_written_by_nobody_else() {
        let temp = tempfile::tempdir().unwrap();
        let open = temp.path().join("open");
        create_with(&open, OPEN).unwrap();
        let made = open.join("b").join("c");
        create_folder(&made).unwrap();
        create_folder(&made).unwrap();
        for folder in [made.parent().unwrap(), &made] {
            assert!(!is_writable_by_others(folder).unwrap(), "{}", folder.display());
        }
    }
}
