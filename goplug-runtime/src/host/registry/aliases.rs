//! The further names that a host gives to plugins.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::protocol::PluginId;

/// Which plugin each further name stands for.
#[derive(Debug, Default)]
pub(super) struct Aliases(BTreeMap<PluginId, PluginId>);

impl Aliases {
    /// Adds a name. An alias of a name that was added before is an alias of that name's plugin.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the name stands for another plugin already, or for itself.
    pub(super) fn add(&mut self, alias: PluginId, plugin: PluginId) -> Result<()> {
        let plugin = self.0.get(&plugin).cloned().unwrap_or(plugin);
        if alias == plugin {
            let text = format!("{alias} cannot be an alias of itself: give it another name");
            return Err(Error::Configuration(text));
        }
        let known = self.0.entry(alias.clone()).or_insert_with(|| plugin.clone());
        if *known != plugin {
            let text = format!("{alias} is an alias of {known}, and cannot be one of {plugin} too");
            return Err(Error::Configuration(text));
        }
        Ok(())
    }

    /// The further names of a plugin.
    pub(super) fn of<'a>(&'a self, plugin: &'a PluginId) -> impl Iterator<Item = &'a PluginId> {
        self.0.iter().filter(move |(_, of)| *of == plugin).map(|(alias, _)| alias)
    }

    /// The plugin for which a name stands, if it is a further one.
    pub(super) fn plugin(&self, alias: &PluginId) -> Option<&PluginId> {
        self.0.get(alias)
    }
}

/// The error that a name cannot be used, since the plugin for which it stands is not known for this reason.
pub(super) fn without_plugin(alias: PluginId, reason: Error) -> Error {
    match reason {
        Error::NotFound { id, folder, hint } => {
            let further = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            let hint = Some(format!("it is an alias of {id}, which is not found{further}"));
            Error::NotFound { id: alias, folder, hint }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PluginId {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_stands_for_one_plugin() {
        let mut aliases = Aliases::default();
        aliases.add(id("acme.db2"), id("acme.Store")).unwrap();
        aliases.add(id("acme.db2"), id("acme.Store")).unwrap();
        aliases.add(id("acme.db3"), id("acme.Store")).unwrap();
        assert!(aliases.add(id("acme.db2"), id("acme.Other")).is_err());
        assert!(aliases.add(id("acme.Store"), id("acme.Store")).is_err());
        assert_eq!(aliases.of(&id("acme.Store")).count(), 2);
        assert_eq!(aliases.plugin(&id("acme.db3")), Some(&id("acme.Store")));
        assert_eq!(aliases.plugin(&id("acme.Store")), None);
    }
}
