//! What somebody may have meant who asked for a plugin that does not exist.

use crate::protocol::PluginId;
use crate::protocol::edits::edits;

/// How many plugins a hint names.
const MOST: usize = 3;

/// A hint for somebody who asked for an unknown plugin; `None` if there is nothing to say.
pub(super) fn hint(id: &PluginId, known: &[PluginId], rejected: usize) -> Option<String> {
    let mut near: Vec<_> =
        known.iter().filter_map(|other| Some((distance(id, other)?, other))).collect();
    near.sort();
    let names: Vec<_> = near.iter().take(MOST).map(|(_, other)| other.to_string()).collect();
    match (&names[..], rejected) {
        ([], 0) => None,
        ([], 1) => Some("one file there is rejected".into()),
        ([], count) => Some(format!("{count} files there are rejected")),
        (names, _) => Some(format!("did you mean {}?", names.join(" or "))),
    }
}

/// How far a name is from another; `None` if too far to be meant.
fn distance(asked: &PluginId, other: &PluginId) -> Option<usize> {
    // Most often the namespace was forgotten or belongs to the name.
    if asked.name() == other.name() || asked.to_string() == other.to_string() {
        return Some(0);
    }
    let (asked, other) = (asked.to_string().to_lowercase(), other.to_string().to_lowercase());
    let edits = edits(&asked, &other);
    (edits * 4 <= asked.chars().count().max(4)).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PluginId {
        let (namespace, name) = text.split_once('.').unwrap_or(("", text));
        PluginId::read(name, namespace).unwrap()
    }

    fn hint_of(asked: &str, known: &[&str]) -> Option<String> {
        let known: Vec<_> = known.iter().map(|text| id(text)).collect();
        hint(&id(asked), &known, 0)
    }

    #[test]
    fn names_that_are_near_are_named() {
        let known = ["math.Calculator", "demo.Counter"];
        for asked in ["Calculator", "maths.Calculator", "math.calculator", "math.Calculater"] {
            assert_eq!(hint_of(asked, &known).unwrap(), "did you mean math.Calculator?", "{asked}");
        }
        assert_eq!(hint_of("acme.Mailer", &known), None);
        assert_eq!(hint_of("A", &["B"]).unwrap(), "did you mean B?");
        assert_eq!(hint_of("A", &["BC"]), None);
    }

    #[test]
    fn rejected_files_are_mentioned_if_no_name_is_near() {
        assert_eq!(hint(&id("A"), &[], 0), None);
        assert_eq!(hint(&id("A"), &[], 1).unwrap(), "one file there is rejected");
        assert_eq!(hint(&id("A"), &[], 2).unwrap(), "2 files there are rejected");
    }
}
