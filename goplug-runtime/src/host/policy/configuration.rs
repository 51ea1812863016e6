//! A configuration on its way to a plugin.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use crate::protocol::Lossless;

/// What an activation reads, as JSON; empty if the host gives none. It may hold secrets, so it is
/// never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::host) struct PluginConfiguration(Bytes);

impl PluginConfiguration {
    /// # Errors
    /// The value cannot be JSON, or would not be itself any more.
    pub(in crate::host) fn of(value: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::to_vec(&Lossless::of(value)).map(|json| Self(json.into()))
    }

    /// Whether the host gives none.
    pub(in crate::host) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON; empty if the host gives none.
    pub(in crate::host) fn json(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for PluginConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "none" } else { "given" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_not_shown() {
        let given = PluginConfiguration::of(&["hunter2"]).unwrap();
        assert_eq!(given.json(), r#"["hunter2"]"#);
        assert_eq!(format!("{given:?} {:?}", PluginConfiguration::default()), "given none");
    }
}
