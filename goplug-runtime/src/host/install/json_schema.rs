//! Whether a JSON value fits a JSON Schema, as far as the schemas of Rust's types go.
//!
//! A keyword that is not known here says nothing against a value, as JSON Schema has it: so a value
//! is never refused that fits, and what is not found here is found by the plugin. No text names a
//! value, and none goes into a place that is marked as `writeOnly`: a secret.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use crate::protocol::reference::Reference;

/// How deep schemas are followed into each other. Beyond that, everything fits.
const DEPTH: usize = 64;

/// A place in a value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// A JSON pointer; empty for the whole.
    path: String,
    reason: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.reason),
            path => write!(f, "{path}: {}", self.reason),
        }
    }
}

/// The places of a value that do not fit a schema. References lead into the definitions.
pub(super) fn misfits(
    schema: &Value,
    definitions: &Map<String, Value>,
    value: &Value,
) -> Vec<Misfit> {
    Place { definitions, path: String::new(), depth: 0 }.misfits(schema, value)
}

/// A place of the value.
struct Place<'a> {
    definitions: &'a Map<String, Value>,
    path: String,
    depth: usize,
}

impl Place<'_> {
    fn at(&self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        Self { path: format!("{}/{key}", self.path), ..self.deeper() }
    }

    fn deeper(&self) -> Self {
        let Self { definitions, depth, .. } = *self;
        Self { definitions, path: self.path.clone(), depth: depth + 1 }
    }

    fn misfit(&self, reason: impl Into<String>) -> Vec<Misfit> {
        vec![Misfit { path: self.path.clone(), reason: reason.into() }]
    }

    fn misfits(&self, schema: &Value, value: &Value) -> Vec<Misfit> {
        let keywords = match schema {
            Value::Bool(false) => return self.misfit("nothing is allowed here"),
            Value::Object(keywords) if self.depth < DEPTH => keywords,
            _ => return Vec::new(),
        };
        let mut found = self.by_type(keywords, value);
        // Of another type, nothing else is of interest.
        if found.is_empty() {
            found.extend(self.by_value(keywords, value));
            found.extend(self.by_parts(keywords, value));
            found.extend(self.by_schemas(keywords, value));
        }
        let is_secret = keywords.get("writeOnly") == Some(&Value::Bool(true));
        match is_secret && found.iter().any(|misfit| misfit.path != self.path) {
            true => self.misfit("it does not fit, and is a secret"),
            false => found,
        }
    }

    fn by_type(&self, keywords: &Map<String, Value>, value: &Value) -> Vec<Misfit> {
        let names: Vec<&str> = match keywords.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => return Vec::new(),
        };
        if names.iter().any(|name| is_of_type(name, value)) {
            return Vec::new();
        }
        let expected: Vec<_> = names.iter().map(|name| with_article(name)).collect();
        let found = with_article(type_of(value));
        self.misfit(format!("expected {}, found {found}", expected.join(" or ")))
    }

    fn by_value(&self, keywords: &Map<String, Value>, value: &Value) -> Vec<Misfit> {
        let mut found = Vec::new();
        if let Some(only) = keywords.get("const").filter(|only| !is_same(only, value)) {
            found.extend(self.misfit(format!("expected {only}")));
        }
        if let Some(Value::Array(all)) = keywords.get("enum")
            && !all.iter().any(|one| is_same(one, value))
        {
            let all: Vec<_> = all.iter().map(Value::to_string).collect();
            found.extend(self.misfit(format!("expected {}", all.join(" or "))));
        }
        let size = match value {
            Value::String(text) => ("Length", text.chars().count(), "characters"),
            Value::Array(items) => ("Items", items.len(), "items"),
            Value::Object(keys) => ("Properties", keys.len(), "keys"),
            _ => ("", 0, ""),
        };
        let (suffix, count, what) = size;
        let limit = |name: &str| keywords.get(&format!("{name}{suffix}")).and_then(Value::as_u64);
        if let Some(least) = limit("min").filter(|least| (count as u64) < *least) {
            found.extend(self.misfit(format!("expected at least {least} {what}")));
        }
        if let Some(most) = limit("max").filter(|most| (count as u64) > *most) {
            found.extend(self.misfit(format!("expected at most {most} {what}")));
        }
        if let Some(number) = value.as_f64() {
            found.extend(self.by_range(keywords, number));
        }
        found
    }

    fn by_range(&self, keywords: &Map<String, Value>, number: f64) -> Vec<Misfit> {
        let limit = |name: &str| keywords.get(name).and_then(Value::as_f64);
        let is_out = [
            (limit("minimum").is_some_and(|least| number < least), "at least", "minimum"),
            (limit("maximum").is_some_and(|most| number > most), "at most", "maximum"),
            (
                limit("exclusiveMinimum").is_some_and(|l| number <= l),
                "more than",
                "exclusiveMinimum",
            ),
            (
                limit("exclusiveMaximum").is_some_and(|l| number >= l),
                "less than",
                "exclusiveMaximum",
            ),
        ];
        let out = is_out.iter().find(|(is_out, ..)| *is_out);
        out.map_or_else(Vec::new, |(_, how, name)| {
            self.misfit(format!("expected {how} {}", keywords[*name]))
        })
    }

    /// The items of an array, and the keys of an object.
    fn by_parts(&self, keywords: &Map<String, Value>, value: &Value) -> Vec<Misfit> {
        match value {
            Value::Array(items) => self.by_items(keywords, items),
            Value::Object(object) => self.by_keys(keywords, object),
            _ => Vec::new(),
        }
    }

    fn by_items(&self, keywords: &Map<String, Value>, items: &[Value]) -> Vec<Misfit> {
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        let rest = keywords.get("items");
        let schema = |index: usize| first.get(index).or(rest);
        let items = items.iter().enumerate();
        items
            .filter_map(|(index, item)| Some(self.at(index).misfits(schema(index)?, item)))
            .flatten()
            .collect()
    }

    fn by_keys(&self, keywords: &Map<String, Value>, object: &Map<String, Value>) -> Vec<Misfit> {
        let mut found = Vec::new();
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        for key in required.filter_map(Value::as_str).filter(|key| !object.contains_key(*key)) {
            found.extend(self.misfit(format!("the key {key:?} is missing")));
        }
        let known = keywords.get("properties").and_then(Value::as_object);
        // What a pattern allows is not known here.
        let other = keywords
            .get("additionalProperties")
            .filter(|_| !keywords.contains_key("patternProperties"));
        for (key, value) in object {
            match (known.and_then(|known| known.get(key)), other) {
                (Some(schema), _) => found.extend(self.at(key).misfits(schema, value)),
                (None, Some(Value::Bool(false))) => {
                    let known = known.into_iter().flat_map(Map::keys);
                    let known: Vec<_> = known.map(|key| format!("{key:?}")).collect();
                    let text = format!("the key is not known; known are {}", known.join(", "));
                    found.extend(self.at(key).misfit(text));
                }
                (None, Some(schema)) => found.extend(self.at(key).misfits(schema, value)),
                (None, None) => {}
            }
        }
        found
    }

    /// The schemas that a schema is made of.
    fn by_schemas(&self, keywords: &Map<String, Value>, value: &Value) -> Vec<Misfit> {
        let mut found = Vec::new();
        let reference = keywords.get("$ref").and_then(Value::as_str).and_then(Reference::read);
        let referred =
            reference.and_then(|it| self.definitions.get(&*it.name)?.pointer(&it.within));
        if let Some(referred) = referred {
            found.extend(self.deeper().misfits(referred, value));
        }
        for schema in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            found.extend(self.deeper().misfits(schema, value));
        }
        // That exactly one fits is not asked for: it is one value for the plugin all the same.
        for name in ["anyOf", "oneOf"] {
            if let Some(Value::Array(all)) = keywords.get(name) {
                found.extend(self.by_alternatives(all, value));
            }
        }
        found
    }

    /// None if one of the alternatives fits; else what is wrong with the one that was meant.
    fn by_alternatives(&self, all: &[Value], value: &Value) -> Vec<Misfit> {
        let mut meant: Option<Vec<Misfit>> = None;
        let mut expected = BTreeSet::new();
        for alternative in all {
            let found = self.deeper().misfits(alternative, value);
            let Some(depth) = found.iter().map(|misfit| misfit.path.len()).max() else {
                return Vec::new();
            };
            // An alternative that has a fault within fits as a whole.
            let is_meant = depth > self.path.len() && !found.iter().any(is_another_variant);
            if is_meant && meant.as_ref().is_none_or(|before| found.len() < before.len()) {
                meant = Some(found);
            } else if let [Misfit { path, reason }] = &found[..]
                && *path == self.path
            {
                expected.insert(reason.clone());
            }
        }
        let few = !expected.is_empty() && expected.len() <= 2;
        meant.unwrap_or_else(|| match few {
            true => self.misfit(Vec::from_iter(expected).join(", or ")),
            false => self.misfit(format!("it fits none of {} alternatives", all.len())),
        })
    }
}

/// Whether this says that a tag is another one.
fn is_another_variant(misfit: &Misfit) -> bool {
    misfit.reason.starts_with("expected \"")
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match (name, value) {
        ("number", Value::Number(_)) => true,
        // JSON does not tell 1 from 1.0.
        ("integer", Value::Number(number)) => {
            number.as_f64().is_none_or(|number| number.fract() == 0.0)
        }
        ("null" | "boolean" | "string" | "array" | "object", value) => name == type_of(value),
        ("number" | "integer", _) => false,
        // A type of another kind of schema.
        _ => true,
    }
}

fn with_article(name: &str) -> String {
    match name {
        "null" => "null".into(),
        "integer" | "array" | "object" => format!("an {name}"),
        other => format!("a {other}"),
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

#[cfg(test)]
mod tests;
