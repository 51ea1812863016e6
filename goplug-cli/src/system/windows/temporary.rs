//! The folder for temporary files, and folders in it.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How the names of the folders begin that this command makes.
const PREFIX: &str = "goplug-";

/// The variable that names the folder for temporary files before all others.
pub(crate) const TEMP_VARIABLE: &str = "TMP";

/// The folder for temporary files.
pub(crate) fn temp_dir() -> PathBuf {
    env::temp_dir()
}

/// What names another folder for temporary files.
pub(crate) fn temp_dir_remedy(_temp: &Path) -> &'static str {
    r"set TMP=%LOCALAPPDATA%\Temp"
}

/// A folder that is removed when this is dropped.
pub(crate) fn temporary_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(temp_dir())
}
