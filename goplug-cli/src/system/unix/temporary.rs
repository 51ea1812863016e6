//! The folder for temporary files, and folders in it.

use std::env;
use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

/// How the names of the folders begin that hosts and this command make.
pub(super) const PREFIX: &str = "goplug-";

/// The folder for temporary files, as hosts find it: an empty `TMPDIR` is as good as none.
pub(crate) fn temp_dir() -> PathBuf {
    let named = env::var_os("TMPDIR").filter(|value| !value.is_empty());
    named.map_or_else(|| "/tmp".into(), PathBuf::from)
}

/// A folder that is removed when this is dropped.
pub(crate) fn temporary_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(temp_dir())
}
