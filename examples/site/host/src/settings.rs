//! What the user sets for each plugin.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use goplug::DiscoveredPlugin;
use serde_json::Value;

/// The configurations of plugins, by namespace and name: `site.Stats`. What each may be, the plugin
/// says.
#[derive(Debug, Default)]
pub(crate) struct Settings(BTreeMap<String, Value>);

impl Settings {
    /// Reads a file in JSON.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let of_file = || file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(of_file)?;
        serde_json::from_str(&text).map(Self).with_context(of_file)
    }

    /// The configuration of a plugin, if the user sets one.
    pub(crate) fn of(&self, plugin: &DiscoveredPlugin) -> Option<&Value> {
        self.0.get(&plugin.id().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_json_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        std::fs::write(&file, "{").unwrap();
        let error = Settings::read(&file).unwrap_err();
        assert_eq!(error.to_string(), file.display().to_string());
    }
}
