//! The folder for temporary files.

use std::env;
use std::path::{Path, PathBuf};

/// The variable that names the folder for temporary files.
pub(crate) const TEMP_VARIABLE: &str = "TMPDIR";

/// Where that folder is if no variable names it.
const USUAL: &str = "/tmp";

/// The folder for temporary files, as hosts find it: an empty `TMPDIR` is as good as none.
pub(crate) fn temp_dir() -> PathBuf {
    let named = env::var_os(TEMP_VARIABLE).filter(|value| !value.is_empty());
    named.map_or_else(|| USUAL.into(), PathBuf::from)
}

/// What names another folder for temporary files than this one.
pub(crate) fn temp_dir_remedy(temp: &Path) -> &'static str {
    match temp == Path::new(USUAL) {
        true => "mkdir -p ~/tmp && export TMPDIR=~/tmp",
        false => "export TMPDIR=/tmp",
    }
}
