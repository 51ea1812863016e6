//! Files and folders with the modes that a registry accepts: only the owner writes.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Everybody reads, enters and executes.
const EXECUTABLE: u32 = 0o755;

/// Everybody reads.
const READABLE: u32 = 0o644;

/// The group and all others write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What tells a file from the one that was there before: device, inode, length, modification in seconds
/// and nanoseconds.
pub(crate) type Stamp = (u64, u64, u64, i64, i64);

/// The stamp of a file, as it is now.
pub(crate) fn stamp(path: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

/// What tells a file or a folder from another that has or had the same path: device and inode.
pub(crate) type Identity = (u64, u64);

/// The identity of what is at a path, or at the end of a link.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// The absolute path of what exists, free of links, as other programs take it.
pub(crate) fn real_path(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// Makes a folder, and those above it.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(EXECUTABLE).create(path)
}

/// Lets everybody read a file, and execute it.
pub(crate) fn make_public(file: &File, is_executable: bool) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode(is_executable)))
}

/// Writes a file that does not exist.
pub(crate) fn write_new(path: &Path, text: &str, is_executable: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode(is_executable));
    options.open(path)?.write_all(text.as_bytes())
}

/// Puts a file at a path, in place of the file that may be there. Processes that run the old file go on.
pub(crate) fn replace(path: &Path, new: NamedTempFile) -> io::Result<()> {
    new.persist(path)?;
    Ok(())
}

/// Removes a file. Processes that run it go on.
pub(crate) fn discard(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Whether others than the owner may write to a file.
pub(crate) fn is_writable_by_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & WRITABLE_BY_OTHERS != 0)
}

fn mode(is_executable: bool) -> u32 {
    if is_executable { EXECUTABLE } else { READABLE }
}
