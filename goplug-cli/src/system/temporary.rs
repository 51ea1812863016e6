//! Folders that are removed after use.

use std::io;

use tempfile::TempDir;

use super::system::temp_dir;

/// How the names of the folders begin that hosts and this command make.
pub(super) const PREFIX: &str = "goplug-";

/// A folder that is removed when this is dropped.
pub(crate) fn temporary_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(temp_dir())
}
