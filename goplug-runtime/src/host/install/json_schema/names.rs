//! The keys of which schemas speak.

use serde_json::{Map, Value};

/// Schemas with none of these say nothing of a value.
const SAYING: [&str; 9] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "oneOf",
    "properties",
    "type",
];

/// Schemas with one of these may speak of keys in a way that is not followed here.
const SPEAKING_OTHERWISE: [&str; 8] = [
    "$dynamicRef",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "propertyNames",
    "then",
];

/// The keys of which a schema speaks.
#[derive(Clone, Debug, Default)]
pub(super) struct Names<'s> {
    /// Whether it may be all keys.
    pub(super) any: bool,
    /// Each `properties` once.
    pub(super) properties: Vec<&'s Map<String, Value>>,
}

impl<'s> Names<'s> {
    /// Those of the keywords of one schema.
    pub(super) fn of(keywords: &'s Map<String, Value>) -> Self {
        let has = |names: &[&str]| names.iter().any(|name| keywords.contains_key(*name));
        let is_open = |name| keywords.get(name).is_some_and(|it| *it != Value::Bool(false));
        let any = !has(&SAYING)
            || has(&SPEAKING_OTHERWISE)
            || is_open("additionalProperties")
            || is_open("unevaluatedProperties");
        let properties = keywords.get("properties").and_then(Value::as_object);
        Self { any, properties: properties.into_iter().collect() }
    }
}
