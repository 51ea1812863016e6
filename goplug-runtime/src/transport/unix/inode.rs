//! Which file it is, whatever its name.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// The identity of a file. No two files have the same as long as both exist or are open; after that,
/// another file may get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport) struct Inode {
    device: u64,
    number: u64,
}

impl Inode {
    pub(in crate::transport) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), number: metadata.ino() }
    }
}

/// Whether this path leads to the open file or folder, and not by a symbolic link.
#[cfg(any(feature = "host", feature = "plugin"))]
pub(in crate::transport) fn is_at(open: &std::fs::File, path: &std::path::Path) -> bool {
    match (open.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => Inode::of(&open) == Inode::of(&there),
        _ => false,
    }
}
