//! The plugins that are part of the host's own program.

use std::sync::Arc;

use super::directory::Directory;
use super::folder::Folder;
use crate::error::{Error, Result};
use crate::host::install::Installation;

/// Installs the embedded plugins, reserves their names in the folder, and with `start` starts
/// those that do not ask for lazy loading.
///
/// # Errors
/// [`Error::Configuration`] if two embedded plugins have the same name, or one that is an alias.
pub(super) fn install_embedded(
    directory: &Arc<Directory>,
    embedded: Vec<Installation>,
    start: bool,
) -> Result<Folder> {
    let mut folder = Folder::default();
    let mut eager = Vec::new();
    for installation in embedded {
        if directory.get(installation.id()).is_some() {
            let text = format!("two embedded plugins are called {}", installation.id());
            return Err(Error::Configuration(text));
        }
        if let Some(plugin) = directory.settings().aliases.plugin(installation.id()) {
            let text =
                format!("{} is embedded, and cannot be an alias of {plugin}", installation.id());
            return Err(Error::Configuration(text));
        }
        folder.reserve(&installation);
        let is_lazy = installation.pconf.lazy_load();
        let plugins = directory.install(installation, None);
        eager.extend(plugins.into_iter().filter(|_| start && !is_lazy));
    }
    // One may need another.
    directory.start(&eager);
    Ok(folder)
}
