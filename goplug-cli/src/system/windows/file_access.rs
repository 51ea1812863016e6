//! Who may write to a file.

// No crate in use reads access-control lists.
#![allow(unsafe_code)]

use std::io;
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, GENERIC_ALL, GENERIC_WRITE, LocalFree};
use windows_sys::Win32::Security::Authorization::{GetNamedSecurityInfoW, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, EqualSid, GetAce,
    INHERIT_ONLY_ACE, IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID,
    WinBuiltinAdministratorsSid, WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_WRITE_DATA, WRITE_DAC, WRITE_OWNER,
};
use windows_sys::Win32::System::SystemServices::ACCESS_ALLOWED_ACE_TYPE;

use super::handle::wide;

/// The rights with which somebody changes what a file contains, or puts another in its place.
const WRITES: u32 = FILE_WRITE_DATA
    | FILE_APPEND_DATA
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL;

/// The security descriptor of a file.
struct Descriptor {
    memory: PSECURITY_DESCRIPTOR,
    owner: PSID,
    list: *mut ACL,
}

/// Whether others than the owner, administrators and Windows itself may write to a file.
pub(crate) fn is_writable_by_others(path: &Path) -> io::Result<bool> {
    let found = Descriptor::of(path)?;
    if found.list.is_null() {
        // Without a list, everybody may do everything.
        return Ok(true);
    }
    // SAFETY: the list is valid as long as the descriptor is.
    let count = unsafe { (*found.list).AceCount };
    Ok((0..u32::from(count)).any(|index| found.lets_others_write(index)))
}

impl Descriptor {
    fn of(path: &Path) -> io::Result<Self> {
        let path = wide(path.as_os_str());
        let mut found = Self { memory: null_mut(), owner: null_mut(), list: null_mut() };
        // SAFETY: the path ends in a zero, and the pointers are to values of ours.
        let error = unsafe {
            GetNamedSecurityInfoW(
                path.as_ptr(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &raw mut found.owner,
                null_mut(),
                &raw mut found.list,
                null_mut(),
                &raw mut found.memory,
            )
        };
        match error {
            ERROR_SUCCESS => Ok(found),
            error => Err(io::Error::from_raw_os_error(error.cast_signed())),
        }
    }

    /// Whether an entry of the list lets somebody write who could not do so anyway.
    fn lets_others_write(&self, index: u32) -> bool {
        let mut entry = null_mut();
        // SAFETY: the list is valid, and the pointer is to a value of ours.
        if unsafe { GetAce(self.list, index, &raw mut entry) } == 0 {
            return true;
        }
        // SAFETY: every entry begins with a header.
        let header = unsafe { *entry.cast::<ACE_HEADER>() };
        let is_inherited_only = u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0;
        if u32::from(header.AceType) != ACCESS_ALLOWED_ACE_TYPE || is_inherited_only {
            return false;
        }
        let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
        // SAFETY: an entry of this type is an ACCESS_ALLOWED_ACE, with the user at its end.
        unsafe {
            let user: PSID = (&raw mut (*entry).SidStart).cast();
            (*entry).Mask & WRITES != 0 && !self.is_trusted(user)
        }
    }

    /// # Safety
    /// The user is valid.
    unsafe fn is_trusted(&self, user: PSID) -> bool {
        // SAFETY: the caller's promise; the owner is valid as long as the descriptor is.
        unsafe {
            EqualSid(user, self.owner) != 0
                || IsWellKnownSid(user, WinLocalSystemSid) != 0
                || IsWellKnownSid(user, WinBuiltinAdministratorsSid) != 0
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the memory is Windows' own, and nothing points to it any more.
        unsafe { LocalFree(self.memory) };
    }
}
