//! Looking for a program in the folders of `PATH`.

use std::env::split_paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::transport::program_at;

/// The first program of this name in the folders of a `PATH`; relative ones begin at `folder`.
pub(super) fn find_in(path: &OsStr, folder: &Path, name: &Path) -> Option<PathBuf> {
    split_paths(path).find_map(|place| program_at(&folder.join(place).join(name)))
}
