//! Why what is offered is not the service that a plugin needs. There, the plugin is the client.

use std::fmt;

use super::compare::compare;
use super::text::Names;
use super::verdict::Verdict;
use crate::protocol::Descriptor;

/// What a plugin calls as a service.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Provider<'a> {
    /// A value of its host.
    Host,
    /// Another plugin, of this name.
    Plugin(&'a str),
}

impl fmt::Display for Provider<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str(
                "the host provides something else of this name; provide a value of the contract that \
                 the plugin was built with, or build the plugin with that of the host",
            ),
            Self::Plugin(name) => write!(
                f,
                "{name} is something else than the plugin means; install a version of {name} with the \
                 contract that the plugin was built with, or build the plugin with that of this version"
            ),
        }
    }
}

/// Why this does not fulfil what a plugin needs, and what to do: the members with this verdict or a
/// worse one. `None` if it does.
pub(crate) fn misfit(
    needed: &Descriptor,
    offered: &Descriptor,
    refused: Verdict,
    provider: Provider<'_>,
) -> Option<String> {
    let comparison = compare(needed, offered);
    if comparison.verdict() < refused {
        return None;
    }
    let plugin = match provider {
        Provider::Host => "the host",
        Provider::Plugin(name) => name,
    };
    let names = Names { client: "the plugin", plugin };
    let mut text = provider.to_string();
    for member in comparison.members.iter().filter(|member| member.verdict >= refused) {
        text.push('\n');
        text.push_str(&member.text(&names));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn descriptor(methods: serde_json::Value) -> Descriptor {
        from_value(json!({"name": "Store", "methods": methods})).unwrap()
    }

    fn parameter(schema: &serde_json::Value) -> serde_json::Value {
        json!([{"name": "sell", "params": [{"name": "count", "type": "Count", "schema": schema}]}])
    }

    #[test]
    fn a_service_that_fits_has_no_misfit() {
        let both = descriptor(parameter(&json!({"type": "integer"})));
        assert_eq!(misfit(&both, &both, Verdict::Lossy, Provider::Host), None);
    }

    #[test]
    fn both_sides_have_the_names_that_they_have_in_a_host() {
        let needed = descriptor(parameter(&json!({"type": "string"})));
        let offered = descriptor(parameter(&json!({"type": "integer"})));
        for (provider, [label, name]) in [
            (Provider::Host, ["host", "the host"]),
            (Provider::Plugin("acme.Store"), ["acme.Store"; 2]),
        ] {
            for offered in [&offered, &descriptor(json!([]))] {
                let text = misfit(&needed, offered, Verdict::Incompatible, provider).unwrap();
                let label = format!("\n  {label}: ");
                assert!(text.contains("method `sell`") && text.contains(&label), "{text}");
                assert!(text.contains("\n  plugin: ") && text.contains("\n  to do: "), "{text}");
                assert!(text.contains(name) && !text.contains("client"), "{text}");
            }
        }
    }
}
