//! The folder for temporary files.

use std::path::PathBuf;

/// How the name of a private folder of sockets begins.
pub const FOLDER_PREFIX: &str = "goplug-";

/// The folder for temporary files, as [`std::env::temp_dir`] names it: by `TMP`, `TEMP` or `USERPROFILE`,
/// and for Windows' own services a folder that no other user can enter.
pub fn temp_dir() -> PathBuf {
    std::env::temp_dir()
}

/// What helps if no socket can be bound: nothing is known to, since the name of a pipe is in no folder.
#[cfg(feature = "host")]
pub fn bind_advice() -> String {
    String::new()
}
