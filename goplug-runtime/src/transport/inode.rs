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
