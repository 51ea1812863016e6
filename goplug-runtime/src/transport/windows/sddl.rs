//! Security descriptors from their text form (SDDL), for pipes and folders that this process makes.

// Windows gives the descriptor by address, and takes it by address within a structure.
#![allow(unsafe_code)]

use std::io;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

use super::call_result::succeeded;
use super::wide::wide;

/// A descriptor that belongs to this process.
pub(super) struct NewDescriptor {
    /// They are not inherited by processes, and have the address of the descriptor.
    attributes: SECURITY_ATTRIBUTES,
}

impl NewDescriptor {
    /// The descriptor that a text describes.
    ///
    /// # Errors
    /// The system's error, if the text is no descriptor.
    pub(super) fn parse(text: &str) -> io::Result<Self> {
        let text = wide(text);
        let mut descriptor = null_mut();
        // SAFETY: the text ends with a NUL, and `descriptor` lives during the call. What it is set to is
        // ours to free.
        succeeded(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        })?;
        #[expect(clippy::cast_possible_truncation, reason = "it is 24")]
        let attributes = SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: descriptor,
            bInheritHandle: 0,
        };
        Ok(Self { attributes })
    }

    /// The attributes of what is made with this descriptor. They are valid as long as this is there.
    pub(super) fn attributes(&self) -> &SECURITY_ATTRIBUTES {
        &self.attributes
    }
}

impl Drop for NewDescriptor {
    fn drop(&mut self) {
        // SAFETY: the descriptor is nobody else's, and is not used afterwards.
        unsafe { LocalFree(self.attributes.lpSecurityDescriptor) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_descriptor_is_refused() {
        assert!(NewDescriptor::parse("D:P(A;;GA;;;SY)").is_ok());
        assert!(NewDescriptor::parse("access for all").is_err());
    }
}
