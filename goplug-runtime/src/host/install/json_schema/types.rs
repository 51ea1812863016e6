//! The `type` of a schema.

use serde_json::{Map, Value};

use super::integers;
use crate::protocol::integer;

/// What the type says against a value; `None` if it fits.
pub(super) fn misfit(keywords: &Map<String, Value>, value: &Value) -> Option<String> {
    let names: Vec<&str> = match keywords.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let expected = || {
        let expected: Vec<_> = names.iter().take(TYPES).map(|name| with_article(name)).collect();
        expected.join(" or ")
    };
    if !names.iter().any(|name| is_of_type(name, value)) {
        let found = with_article(type_of(value));
        return Some(format!("expected {}, found {found}", expected()));
    }
    let Value::Number(number) = value else { return None };
    let is_refused = integers::has_fraction(number) && integer::range_of(keywords).is_some();
    is_refused.then(|| format!("expected {}, found a number with a fraction", expected()))
}

/// How many types JSON Schema has.
const TYPES: usize = 7;

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
