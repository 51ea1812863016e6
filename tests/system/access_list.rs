//! Access lists, as the kernel keeps them.

use std::io;
use std::path::Path;

use rustix::fs::{XattrFlags, setxattr};

/// What a list is for.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// The access to the file or folder.
    Access,
    /// What files that are made in a folder get.
    Default,
}

/// Lets another user read, write and execute a file or folder by an access list, and everybody else read
/// and execute it. In the mode it is the group that may write.
///
/// # Errors
/// The system's error: the file system has no such lists, for example.
pub fn allow(path: &Path, list: List, user: u32) -> io::Result<()> {
    const NO_ID: u32 = u32::MAX;
    // The kind, the rights and the number of each entry: the owner, a user, the group, the mask, others.
    let entries: [(u16, u16, u32); 5] =
        [(1, 7, NO_ID), (2, 7, user), (4, 5, NO_ID), (0x10, 7, NO_ID), (0x20, 5, NO_ID)];
    // A version comes first.
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (kind, rights, id) in entries {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(rights.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    let name = match list {
        List::Access => "system.posix_acl_access",
        List::Default => "system.posix_acl_default",
    };
    Ok(setxattr(path, name, &bytes, XattrFlags::empty())?)
}
