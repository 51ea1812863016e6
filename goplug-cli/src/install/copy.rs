//! Copies of programs in a folder.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Failure, Outcome};
use crate::system::{discard, make_public, replace};

/// A copy of a program, in a folder. A program that was there before is back unless the copy is kept:
/// processes that run it are not disturbed by either.
pub(super) struct Copy {
    pub(super) path: PathBuf,
    before: Option<NamedTempFile>,
    is_kept: bool,
}

impl Copy {
    pub(super) fn make(program: &Path, folder: &Path) -> Outcome<Self> {
        let about =
            |error: io::Error| Failure::unreachable(format!("{}: {error}", folder.display()));
        let name = program.file_name().unwrap_or_default();
        let path = folder.join(name);
        let before = match path.exists() {
            true => Some(beside(&path, folder).map_err(about)?),
            false => None,
        };
        beside(program, folder).and_then(|copy| replace(&path, copy)).map_err(about)?;
        Ok(Self { path, before, is_kept: false })
    }

    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // The failure that has led here is the one that the user reads.
        let _ = match self.before.take() {
            Some(before) => replace(&self.path, before),
            None => discard(&self.path),
        };
    }
}

/// A copy of a program under a temporary name, which no registry reads.
pub(super) fn beside(program: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let mut copy = NamedTempFile::with_prefix_in(".goplug-", folder)?;
    io::copy(&mut File::open(program)?, copy.as_file_mut())?;
    make_public(copy.as_file(), true)?;
    copy.as_file().sync_all()?;
    Ok(copy)
}
