//! The services that a plugin needs or wants, beside those that it needed when its contract was kept.
//!
//! Here the plugin is the client: a host that meets the needs of one build may not meet those of
//! another.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::contract::{Verdict, compare};
use crate::protocol::{Descriptor, ServiceDescriptor};

/// What a plugin uses of a host that provides what another build of the plugin uses.
#[derive(Debug)]
pub(super) struct Met {
    verdict: Verdict,
    /// What differs, as lines for people.
    text: String,
}

impl Met {
    /// What `plugin` uses, in a host that provides what `other` uses.
    pub(super) fn new(plugin: &Descriptor, other: &Descriptor) -> Self {
        let mut met = Self { verdict: Verdict::Same, text: String::new() };
        for need in &plugin.needs {
            if let Some(provided) = of_name(&other.needs, need) {
                met.compare((plugin, need), (other, provided));
                continue;
            }
            let host = match of_name(&other.wants, need) {
                Some(_) => "a host that does without it",
                None => "a host that does not provide it",
            };
            met.add(need, Verdict::Incompatible, &format!("{host} does not start the plugin"));
        }
        for want in &plugin.wants {
            match of_name(&other.needs, want).or_else(|| of_name(&other.wants, want)) {
                Some(provided) => met.compare((plugin, want), (other, provided)),
                None => met.add(want, Verdict::Compatible, "the plugin can do without it"),
            }
        }
        met
    }

    pub(super) fn is_same(&self) -> bool {
        self.verdict == Verdict::Same
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Each difference on a line of its own.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }

    /// Compares one service, as each build describes what it calls.
    fn compare(
        &mut self,
        (plugin, used): (&Descriptor, &ServiceDescriptor),
        (other, provided): (&Descriptor, &ServiceDescriptor),
    ) {
        let comparison = compare(&described(plugin, used), &described(other, provided));
        if comparison.verdict() != Verdict::Same {
            self.add(used, comparison.verdict(), &comparison.to_string());
        }
    }

    fn add(&mut self, service: &ServiceDescriptor, verdict: Verdict, text: &str) {
        self.verdict = self.verdict.max(verdict);
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "service `{}`: {verdict}", service.name);
        for line in text.lines() {
            let _ = writeln!(self.text, "  {line}");
        }
    }
}

fn of_name<'a>(
    services: &'a [ServiceDescriptor],
    like: &ServiceDescriptor,
) -> Option<&'a ServiceDescriptor> {
    services.iter().find(|service| service.name == like.name)
}

fn described(plugin: &Descriptor, service: &ServiceDescriptor) -> Descriptor {
    Descriptor {
        methods: service.methods.clone(),
        definitions: Arc::clone(&plugin.definitions),
        ..Descriptor::new(&service.name, "")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A plugin with these needs and wants.
    fn plugin(needs: serde_json::Value, wants: serde_json::Value) -> Descriptor {
        serde_json::from_value(json!({ "name": "Report", "needs": needs, "wants": wants })).unwrap()
    }

    fn database(methods: &[&str]) -> serde_json::Value {
        let method = |name: &&str| {
            let table = json!({"name": "table", "type": "String", "schema": {"type": "string"}});
            json!({"name": name, "params": [table]})
        };
        json!({"name": "Database", "methods": methods.iter().map(method).collect::<Vec<_>>()})
    }

    fn verdicts(one: &Descriptor, other: &Descriptor) -> [Verdict; 2] {
        [Met::new(one, other).verdict(), Met::new(other, one).verdict()]
    }

    #[test]
    fn what_is_the_same_is_met() {
        let one = plugin(json!([database(&["query"])]), json!([{"name": "Cache"}]));
        assert_eq!(verdicts(&one, &one), [Verdict::Same; 2]);
        assert!(Met::new(&one, &one).is_same());
    }

    #[test]
    fn a_need_that_is_added_or_widened_is_not_met_by_a_host_of_before() {
        let before = plugin(json!([database(&["query"])]), json!([]));
        let widened = plugin(json!([database(&["query", "drop"])]), json!([]));
        let added = plugin(json!([database(&["query"]), {"name": "Mailer"}]), json!([]));
        for (today, named) in [(&widened, "method `drop`"), (&added, "service `Mailer`")] {
            assert_eq!(verdicts(today, &before), [Verdict::Incompatible, Verdict::Same]);
            let text = Met::new(today, &before).text;
            assert!(text.contains(named), "{text}");
        }
    }

    #[test]
    fn a_want_is_no_need() {
        let needs = plugin(json!([{"name": "Cache"}]), json!([]));
        let wants = plugin(json!([]), json!([{"name": "Cache"}]));
        let none = plugin(json!([]), json!([]));
        assert_eq!(verdicts(&needs, &wants), [Verdict::Incompatible, Verdict::Same]);
        assert_eq!(verdicts(&wants, &none), [Verdict::Compatible, Verdict::Same]);
    }
}
