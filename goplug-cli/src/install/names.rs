//! The names in a folder, and whose they are.

use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::pconf::{self, Pconf};
use crate::system::word;

/// Whether a file of the folder may have the name of a plugin that it is not.
pub(super) fn may_be_taken(folder: &Path) -> bool {
    pconf::files(folder).into_iter().any(|file| {
        let plugin = Pconf::read(&file).plugin().map(|plugin| plugin.to_string());
        plugin.is_some_and(|plugin| file.file_stem() != Some(plugin.as_ref()))
    })
}

/// Checks that a file is not there yet, or is of the same plugin as what is written in its place.
///
/// # Errors
/// It is of another plugin.
pub(super) fn ensure_free(file: &Path, written: &Pconf) -> Outcome<()> {
    let there = Pconf::read(file);
    let (Some(name), Some(owner), Some(plugin)) = (there.id(), there.plugin(), written.plugin())
    else {
        return Ok(());
    };
    if owner == plugin {
        return Ok(());
    }
    let holder = match there.alias_of() {
        Some(owner) => format!("an alias of {owner}"),
        None => "another plugin".to_owned(),
    };
    let (file, dir) = (file.display(), word(file.parent().unwrap_or(Path::new("/"))));
    Err(Failure::usage(format!(
        "{name} is taken by {holder}, in {file}; give {plugin} another name with --as, or remove what \
         is there: goplug uninstall {name} --dir {dir}"
    )))
}
