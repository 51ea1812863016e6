//! Whether a file has an access list besides its mode.

use std::fs::File;

use rustix::fs::fgetxattr_query;
use rustix::io::{Errno, Result};

/// The attributes in which file systems show access lists: POSIX ones, those of NFSv4 and of richacl, and
/// those of Windows.
const LISTS: [&str; 8] = [
    "system.posix_acl_access",
    "system.posix_acl_default",
    "system.nfs4_acl",
    "system.nfs4_acl_xdr",
    "system.richacl",
    "system.cifs_acl",
    "system.smb3_acl",
    "system.ntfs_acl",
];

/// Whether an open file has an access list, or hands one on to new files if it is a folder.
///
/// # Errors
/// The system's error if that cannot be told.
pub(in crate::transport::unix) fn has_access_list(file: &File) -> Result<bool> {
    for list in LISTS {
        match fgetxattr_query(file, list) {
            Ok(_) => return Ok(true),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{XattrFlags, fsetxattr};

    use super::*;
    use crate::transport::FileAccess;

    /// The list `user::rwx,user:65534:rwx,group::r-x,mask::rwx,other::r-x`, as the kernel keeps it: a
    /// version, then of each entry the kind, the rights and the number.
    fn list() -> Vec<u8> {
        const NO_ID: u32 = u32::MAX;
        let entries: [(u16, u16, u32); 5] =
            [(1, 7, NO_ID), (2, 7, 65_534), (4, 5, NO_ID), (0x10, 7, NO_ID), (0x20, 5, NO_ID)];
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (kind, rights, id) in entries {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(rights.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    /// Sets a list; `false`, with a line on standard error, if the file system has none.
    fn set(file: &File, name: &str) -> bool {
        match fsetxattr(file, name, &list(), XattrFlags::empty()) {
            Ok(()) => true,
            Err(Errno::OPNOTSUPP) => {
                eprintln!("the file system of temporary files has no access lists");
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_list_of_a_file_or_a_folder_is_seen() {
        let temp = tempfile::tempdir().unwrap();
        let file = File::create(temp.path().join("file")).unwrap();
        let folder = File::open(temp.path()).unwrap();
        assert_eq!((has_access_list(&file), has_access_list(&folder)), (Ok(false), Ok(false)));
        if !set(&file, "system.posix_acl_access") {
            return;
        }
        assert_eq!((has_access_list(&file), has_access_list(&folder)), (Ok(true), Ok(false)));
        assert!(set(&folder, "system.posix_acl_default"));
        assert_eq!(has_access_list(&folder), Ok(true));
    }

    #[test]
    fn the_access_to_a_file_is_another_with_a_list() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        let file = File::create(&path).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o775);
        file.set_permissions(mode).unwrap();
        let own_group = std::os::unix::fs::MetadataExt::uid(&file.metadata().unwrap());
        // Root, or a user who has a group of the same number.
        if std::os::unix::fs::chown(&path, None, Some(own_group)).is_err() {
            return;
        }
        let before = FileAccess::at(&path).unwrap();
        if set(&file, "system.posix_acl_access") {
            let after = FileAccess::at(&path).unwrap();
            assert_ne!(after, before);
            assert_eq!(after, FileAccess::of_file(&file).unwrap());
            let problem = after.writable_by_others().unwrap().unwrap();
            assert!(problem.contains("may write it (mode 0775"), "{problem}");
        }
    }
}
