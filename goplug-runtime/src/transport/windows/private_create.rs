//! Creating a folder that no other user may write.

// Windows takes the path and the access list by address.
#![allow(unsafe_code)]

use std::io;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

use super::call_result::succeeded;
use super::sddl::NewDescriptor;
use super::sid::Sid;
use super::wide::wide;

/// Creates a folder in which this user, Windows itself and the administrators may do everything, and all
/// other users read and run; nothing of it is inherited from the folder above.
///
/// # Errors
/// The system's error.
pub(super) fn create_protected(path: &Path) -> io::Result<()> {
    let own = Sid::of_this_process()?;
    let list = format!("D:P(A;OICI;FA;;;{own})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;GRGX;;;BU)");
    let descriptor = NewDescriptor::parse(&list)?;
    let path = wide(std::path::absolute(path)?);
    // SAFETY: the path ends with a NUL. It and the descriptor live during the call.
    succeeded(unsafe { CreateDirectoryW(path.as_ptr(), descriptor.attributes()) })
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, SetFileSecurityW};

    use super::*;
    use crate::transport::FileAccess;

    #[test]
    fn nobody_else_may_write_a_protected_folder_until_somebody_allows_it() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a b");
        create_protected(&folder).unwrap();
        assert_eq!(FileAccess::at(&folder).unwrap().writable_by_others().unwrap(), None);
        std::fs::write(folder.join("file"), "").unwrap();

        let everyone = NewDescriptor::parse("D:P(A;OICI;FA;;;WD)").unwrap();
        let (path, descriptor) = (wide(&folder), everyone.attributes().lpSecurityDescriptor);
        // SAFETY: the path ends with a NUL. It and the descriptor live during the call.
        let set = unsafe { SetFileSecurityW(path.as_ptr(), DACL_SECURITY_INFORMATION, descriptor) };
        succeeded(set).unwrap();
        let problem = FileAccess::at(&folder).unwrap().writable_by_others().unwrap().unwrap();
        assert!(problem.starts_with("Everyone (S-1-1-0) may write it; icacls"), "{problem}");
    }
}
