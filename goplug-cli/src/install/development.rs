//! Installing a program that is built again and again.

use std::path::{Path, PathBuf};

use super::renew::renew_others;
use super::staged::{Entry, in_place, install_copy};
use crate::failure::Outcome;
use crate::system::real_path;

/// Copies a program into a folder, and writes its `.pconf` without a digest. Its other names there are
/// renewed. Returns the path of the `.pconf`. The folder's path is absolute and free of links.
pub(crate) async fn install_for_development(program: &Path, folder: &Path) -> Outcome<PathBuf> {
    let file = install_copy(program, folder, &Entry::new(true, None)).await?;
    renew_others(&file, &in_place(&real_path(program)?, folder)).await?;
    Ok(file)
}
