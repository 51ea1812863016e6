//! Whether a configuration fits what a plugin says that it reads.

use serde_json::Value;

use super::installation::Installation;
use super::json_schema::{Misfit, misfits};
use crate::error::{Error, Result};
use crate::host::policy::PluginConfiguration;
use crate::protocol::{null, visible};

/// The most misfits that an error names.
const NAMED_MISFITS: usize = 8;

impl Installation {
    /// Checks a configuration against the schema that the `.pconf` has of it, if there is one. What a
    /// schema cannot say, the plugin decides when it is activated.
    ///
    /// # Errors
    /// [`Error::Configuration`] names each place that does not fit, and why, without its value.
    pub(in crate::host) fn check_configuration(&self, given: &PluginConfiguration) -> Result<()> {
        let pconf = &self.pconf;
        let Some(ty) = pconf.configuration().filter(|_| pconf.protocol() != 1) else {
            return Ok(());
        };
        let Some(schema) = &ty.schema else { return Ok(()) };
        let value: Value = serde_json::from_slice(null::for_empty(given.json()))
            .map_err(|_| self.misconfigured("it is not JSON"))?;
        let misfits = misfits(schema, pconf.definitions(), &value);
        if misfits.is_empty() {
            return Ok(());
        }
        if given.is_none() {
            let text = format!("the host gives none, and a `{}` is expected", ty.spelling);
            return Err(self.misconfigured(&text));
        }
        let named: Vec<_> = misfits.iter().take(NAMED_MISFITS).map(Misfit::to_string).collect();
        let more = match misfits.len().saturating_sub(NAMED_MISFITS) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        Err(self.misconfigured(&format!("{}{more}", named.join("; "))))
    }

    fn misconfigured(&self, reason: &str) -> Error {
        let text = format!("the configuration of {} does not fit: {reason}", self.id());
        Error::Configuration(visible(&text).into_owned())
    }
}
