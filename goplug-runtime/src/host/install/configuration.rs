//! Whether a configuration fits what a plugin says that it reads.

use serde_json::Value;

use super::installation::Installation;
use super::json_schema::{Misfit, Report, check};
use crate::error::{Error, Result};
use crate::host::policy::PluginConfiguration;
use crate::protocol::{null, visible};

/// The most places that a text names.
const NAMED: usize = 8;

impl Installation {
    /// Checks a configuration against the schema that the `.pconf` has of it, if there is one. What a
    /// schema cannot say, and what is too much work to check, the plugin decides when it is activated.
    /// Returns what looks wrong and is no error, for people.
    ///
    /// # Errors
    /// [`Error::Configuration`] names each place that does not fit, and why, without its value.
    pub(in crate::host) fn check_configuration(
        &self,
        given: &PluginConfiguration,
    ) -> Result<Vec<String>> {
        if self.remote().is_some() {
            let text = "it serves a network, and whoever serves it configures it";
            return if given.is_none() { Ok(Vec::new()) } else { Err(self.misconfigured(text)) };
        }
        let pconf = &self.pconf;
        let Some(ty) = pconf.configuration().filter(|_| pconf.protocol() != 1) else {
            return Ok(self.unread(given).into_iter().collect());
        };
        let Some(schema) = &ty.schema else { return Ok(Vec::new()) };
        let value: Value = serde_json::from_slice(null::for_empty(given.json()))
            .map_err(|_| self.misconfigured("it is not JSON"))?;
        let report = check(schema, pconf.definitions(), &value);
        if report.misfits.is_empty() {
            return Ok(remarks(&report));
        }
        if given.is_none() {
            let text = format!("the host gives none, and a `{}` is expected", ty.spelling);
            return Err(self.misconfigured(&text));
        }
        let has_more = report.has_more || report.is_partial;
        Err(self.misconfigured(&places(&report.misfits, has_more)))
    }

    /// That the plugin does not seem to read what it is given.
    fn unread(&self, given: &PluginConfiguration) -> Option<String> {
        (!given.is_none()).then(|| match self.pconf.protocol() {
            1 => "plugins of the original GoPlug read no configuration".into(),
            _ => "its `.pconf` names no configuration that it reads (`ConfigurationType`), so it \
                  ignores this one, perhaps"
                .into(),
        })
    }

    fn misconfigured(&self, reason: &str) -> Error {
        let text = format!("the configuration of {} does not fit: {reason}", self.id());
        Error::Configuration(visible(&text).into_owned())
    }
}

/// What looks wrong in a configuration that fits.
fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if !report.unnamed.is_empty() {
        let text = places(&report.unnamed, false);
        remarks.push(format!("the plugin may ignore a part of it: {}", visible(&text)));
    }
    if report.is_partial {
        remarks.push(
            "its schema takes too much work to check, so a part of it was not compared".into(),
        );
    }
    remarks
}

/// The places with what is said of them.
fn places(all: &[Misfit], has_more: bool) -> String {
    let named: Vec<_> = all.iter().take(NAMED).map(Misfit::to_string).collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 if has_more => "; and perhaps more".into(),
        0 => String::new(),
        more if has_more => format!("; and at least {more} more"),
        more => format!("; and {more} more"),
    };
    format!("{}{more}", named.join("; "))
}
