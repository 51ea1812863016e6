//! Making folders that no other user may write to: a registry accepts no others.

// Windows takes access-control lists by address.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::file_access::is_writable_by_others;
use super::handle::{check, owned, text_at, wide};

/// Room for a user with the longest identifier, in words so that it is aligned.
const USER_WORDS: usize = 16;

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
    let (path, list) = (wide(std::path::absolute(path)?.as_os_str()), wide(list.as_ref()));
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).map_err(io::Error::other)?,
        lpSecurityDescriptor: null_mut(),
        bInheritHandle: 0,
    };
    let descriptor = &raw mut attributes.lpSecurityDescriptor;
    // SAFETY: the texts end in a zero, and the pointers are to values of ours. What the first call makes is freed
    // once the second does not need it any more.
    unsafe {
        check(ConvertStringSecurityDescriptorToSecurityDescriptorW(
            list.as_ptr(),
            SDDL_REVISION_1,
            descriptor,
            null_mut(),
        ))?;
        let created = check(CreateDirectoryW(path.as_ptr(), &raw const attributes));
        LocalFree(attributes.lpSecurityDescriptor);
        created
    }
}

/// The identifier of the user as whom this process runs.
fn user() -> io::Result<String> {
    let mut information = [0_u64; USER_WORDS];
    let size = u32::try_from(size_of_val(&information)).map_err(io::Error::other)?;
    let buffer = information.as_mut_ptr().cast();
    let (mut token, mut needed, mut text) = (null_mut(), 0, null_mut());
    // SAFETY: the pointers are to values of ours, and the buffer has this size and the alignment of the structure
    // that the second call puts there. The text ends in a zero, and is freed once it is copied.
    unsafe {
        check(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token))?;
        let token = owned(token)?;
        let handle = token.as_raw_handle();
        check(GetTokenInformation(handle, TokenUser, buffer, size, &raw mut needed))?;
        check(ConvertSidToStringSidW((*buffer.cast::<TOKEN_USER>()).User.Sid, &raw mut text))?;
        let copied = text_at(text);
        LocalFree(text.cast());
        copied.into_string().map_err(|_| io::ErrorKind::InvalidData.into())
    }
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
