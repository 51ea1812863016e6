//! Installing a program that is built again and again.

use std::path::{Path, PathBuf};

use super::staged::{Entry, install_copy};
use crate::failure::Outcome;

/// Copies a program into a folder, and writes its `.pconf` without a digest. Returns the path of the
/// `.pconf`. The folder's path is absolute and free of links.
pub(crate) async fn install_for_development(program: &Path, folder: &Path) -> Outcome<PathBuf> {
    install_copy(program, folder, &Entry::new(true, None)).await
}
