//! The keys of an object: those that a schema describes, and those of which it does not speak.

use serde_json::{Map, Value};

use super::found::{Found, Says};
use super::location::{Key, Location};
use super::shown::{list, shown};
use super::walk::Walk;
use crate::protocol::edits::edits;

/// The longest key that is compared with the known ones, in bytes.
const LONGEST: usize = 64;

impl<'s> Walk<'s> {
    /// Checks the values of the keys of an object.
    pub(super) fn keys(
        &self,
        here: &Location<'_, 's>,
        keywords: &'s Map<String, Value>,
        object: &Map<String, Value>,
        depth: usize,
        found: &mut Found<'s>,
    ) {
        let known = keywords.get("properties").and_then(Value::as_object);
        // What a pattern allows is not known here.
        let other = keywords
            .get("additionalProperties")
            .filter(|_| !keywords.contains_key("patternProperties"));
        for (key, value) in object {
            if found.is_cut || !self.work.spend_on_text(key.len()) {
                return;
            }
            let schema = match (known.and_then(|known| known.get(key)), other) {
                (Some(schema), _) => schema,
                (None, Some(Value::Bool(false))) => {
                    let reason = unknown(known);
                    found.add(self.misfit(&here.below(Key::Name(key)), Says::More, reason));
                    continue;
                }
                (None, Some(schema)) => schema,
                (None, None) => continue,
            };
            if !self.part(here, Key::Name(key), schema, value, depth, found) {
                return;
            }
        }
    }

    /// Notes the keys of which no schema of this place speaks, if they speak of any.
    pub(super) fn note_unnamed(
        &self,
        here: &Location<'_, 's>,
        object: &Map<String, Value>,
        found: &mut Found<'s>,
    ) {
        let all = found.names.properties.clone();
        if found.names.any || all.iter().all(|properties| properties.is_empty()) {
            return;
        }
        for key in object.keys() {
            if !self.work.spend_on_text(key.len().saturating_mul(all.len())) {
                return;
            }
            if !all.iter().any(|properties| properties.contains_key(key)) {
                let reason = match self.meant_by(key, &all) {
                    Some(known) => format!("the schema does not name this key; is it {known:?}?"),
                    None => "the schema does not name this key".into(),
                };
                found.add_unnamed(self.misfit(&here.below(Key::Name(key)), Says::More, reason));
            }
        }
    }

    /// The known key that an unknown one resembles most; `None` if it resembles none.
    fn meant_by(&self, key: &str, all: &[&Map<String, Value>]) -> Option<String> {
        let plain = |key: &str| key.to_lowercase().replace(['-', '_', ' '], "");
        let given = Some(key).filter(|key| key.len() <= LONGEST).map(plain)?;
        let distance = |known: &&String| {
            let is_compared =
                known.len() <= LONGEST && self.work.spend(known.len() * given.len() / 16);
            let count = edits(&given, &is_compared.then(|| plain(known))?);
            (count * 4 <= given.chars().count().max(4)).then_some(count)
        };
        let near = all.iter().flat_map(|properties| properties.keys());
        let near = near.filter_map(|known| Some((distance(&known)?, known)));
        near.min().map(|(_, known)| shown(known))
    }
}

fn unknown(known: Option<&Map<String, Value>>) -> String {
    match known.filter(|known| !known.is_empty()) {
        None => "the key is not known; no key is".into(),
        Some(known) => {
            // `{:?}` of a string has a text of any length, so it is cut too.
            let known = list(known.keys().map(|key| format!("{key:?}")), ", ");
            format!("the key is not known; known are {known}")
        }
    }
}
