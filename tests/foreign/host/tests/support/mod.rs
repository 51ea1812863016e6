//! What the tests with plugins of other packages share.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the project.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap()
}

/// Whether there is a Python 3 here. Says so if not.
pub(crate) fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output();
    found.inspect_err(|error| eprintln!("not checked: python3 cannot be run: {error}")).is_ok()
}
