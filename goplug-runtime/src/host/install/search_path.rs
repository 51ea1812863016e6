//! Looking for a program in the folders of `PATH`.

use std::env::split_paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::transport::is_executable;

/// Where programs are looked for if the environment has no `PATH`, as by the C library.
pub(super) const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The first program of this name in the folders of a `PATH`; relative ones begin at `folder`.
pub(super) fn find_in(path: &OsStr, folder: &Path, name: &Path) -> Option<PathBuf> {
    let mut places = split_paths(path).map(|place| folder.join(place).join(name));
    places.find(|place| is_executable(place))
}
