//! The folder for temporary files.

use std::env;
use std::path::{Path, PathBuf};

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
