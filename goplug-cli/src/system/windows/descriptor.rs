//! Security descriptors from Windows' texts (SDDL), for what this process makes.

// Windows gives the descriptor by address, and takes it by address within a structure.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::AsRawHandle;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::handle::{check, owned, text_at, wide};

/// Room for a user with the longest identifier, in words so that it is aligned.
const USER_WORDS: usize = 16;

/// A descriptor that belongs to this process.
pub(super) struct NewDescriptor(SECURITY_ATTRIBUTES);

impl NewDescriptor {
    /// The descriptor that a text describes.
    pub(super) fn parse(text: &str) -> io::Result<Self> {
        let text = wide(text.as_ref());
        let mut descriptor = null_mut();
        // SAFETY: the text ends in a zero, and the pointer is to a value of ours.
        check(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        })?;
        Ok(Self(SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).map_err(io::Error::other)?,
            lpSecurityDescriptor: descriptor,
            bInheritHandle: 0,
        }))
    }

    /// The attributes of what is made with it. They are valid as long as this is there.
    pub(super) fn attributes(&self) -> &SECURITY_ATTRIBUTES {
        &self.0
    }
}

impl Drop for NewDescriptor {
    fn drop(&mut self) {
        // SAFETY: the descriptor is nobody else's, and is not used afterwards.
        unsafe { LocalFree(self.0.lpSecurityDescriptor) };
    }
}

/// The identifier of the user as whom this process runs.
pub(super) fn user() -> io::Result<String> {
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
