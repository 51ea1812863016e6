//! What a word of the command line means to a method's parameter.
//!
//! A word is text where the parameter takes text, and JSON elsewhere. The parameter's schema decides,
//! or its spelling if it has no schema.

use std::collections::BTreeSet;

use goplug::protocol::Parameter;
use serde_json::{Map, Value};

/// A schema that refers to another one deeper than this is taken for unknown.
const MAX_DEPTH: usize = 16;

/// A kind of JSON value. Whole numbers are numbers too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

type Kinds = BTreeSet<Kind>;

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    /// The kind of this name in a schema.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "number" | "integer" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }
}

/// The value of a word.
///
/// # Errors
/// The word is no value of any kind that the parameter takes. The error says what is expected.
pub(super) fn value(
    parameter: &Parameter,
    definitions: &Map<String, Value>,
    word: &str,
) -> Result<Value, String> {
    let kinds = match &parameter.ty.schema {
        Some(schema) => kinds_of(schema, definitions, MAX_DEPTH),
        None => kinds_spelled(&parameter.ty.spelling),
    };
    let text = || Value::String(word.to_owned());
    let json = serde_json::from_str::<Value>(word).ok();
    let Some(kinds) = kinds else { return Ok(json.unwrap_or_else(text)) };
    let takes_text = kinds.contains(&Kind::String);
    match json {
        // `012` and `true` stay text where a text is wanted, also if it may be left out.
        Some(Value::Null) if kinds.contains(&Kind::Null) => Ok(Value::Null),
        _ if is_text(&kinds) => Ok(text()),
        Some(value) if kinds.contains(&Kind::of(&value)) => Ok(value),
        _ if takes_text => Ok(text()),
        _ => Err(format!("{word:?} is no {}", parameter.ty.spelling)),
    }
}

/// Whether there is nothing but text, and perhaps null.
fn is_text(kinds: &Kinds) -> bool {
    let others = kinds.iter().any(|kind| !matches!(kind, Kind::String | Kind::Null));
    kinds.contains(&Kind::String) && !others
}

/// The kinds of values that fit a schema; `None` if it does not say.
fn kinds_of(schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Option<Kinds> {
    let depth = depth.checked_sub(1)?;
    let schema = schema.as_object()?;
    if let Some(kinds) = schema.get("type") {
        let names = match kinds {
            Value::Array(names) => names.iter().collect(),
            name => vec![name],
        };
        return names.into_iter().map(|name| Kind::named(name.as_str()?)).collect();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().map(Kind::of).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(Kinds::from([Kind::of(value)]));
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/$defs/")?.replace("~1", "/").replace("~0", "~");
        return kinds_of(definitions.get(&name)?, definitions, depth);
    }
    let choices = schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()?;
    let choices = choices.iter().map(|choice| kinds_of(choice, definitions, depth));
    choices.collect::<Option<Vec<_>>>().map(|kinds| kinds.into_iter().flatten().collect())
}

/// The kinds of values of a type without a schema, as its spelling says; `None` if it does not.
fn kinds_spelled(spelling: &str) -> Option<Kinds> {
    if let Some(inner) = spelling.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
        let mut kinds = kinds_spelled(inner)?;
        kinds.insert(Kind::Null);
        return Some(kinds);
    }
    let kind = match spelling {
        "bool" => Kind::Boolean,
        "&str" | "String" | "char" | "PathBuf" => Kind::String,
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" | "f32" | "f64" => Kind::Number,
        _ => return None,
    };
    Some(Kinds::from([kind]))
}

#[cfg(test)]
mod tests {
    use goplug::protocol::TypeDescriptor;
    use serde_json::json;

    use super::*;

    fn parameter(spelling: &str, schema: Option<Value>) -> Parameter {
        let ty = TypeDescriptor { spelling: spelling.into(), schema };
        Parameter { name: "p".into(), ty, stream: false }
    }

    fn of_schema(schema: Value, word: &str) -> Result<Value, String> {
        let definitions = json!({
            "Colour": {"oneOf": [{"const": "red"}, {"type": "object"}]},
            "Loop": {"$ref": "#/$defs/Loop"},
        });
        value(&parameter("T", Some(schema)), definitions.as_object().unwrap(), word)
    }

    #[test]
    fn text_stays_text_where_text_is_wanted() {
        for word in ["012", "true", "{}", "[1]", "\"quoted\"", "", "null"] {
            assert_eq!(of_schema(json!({"type": "string"}), word), Ok(json!(word)));
        }
        let optional = json!({"type": ["string", "null"]});
        assert_eq!(of_schema(optional.clone(), "5"), Ok(json!("5")));
        assert_eq!(of_schema(optional, "null"), Ok(json!(null)));
        assert_eq!(of_schema(json!({"type": "string", "enum": ["1"]}), "1"), Ok(json!("1")));
    }

    #[test]
    fn other_kinds_are_json() {
        assert_eq!(of_schema(json!({"type": "integer"}), "-5"), Ok(json!(-5)));
        assert_eq!(of_schema(json!({"type": "array"}), "[1, 2]"), Ok(json!([1, 2])));
        assert_eq!(of_schema(json!({"type": ["object", "null"]}), "null"), Ok(json!(null)));
        assert_eq!(of_schema(json!({"type": "integer"}), "five").unwrap_err(), "\"five\" is no T");
        assert_eq!(of_schema(json!({"type": "boolean"}), "1").unwrap_err(), "\"1\" is no T");
    }

    #[test]
    fn a_choice_takes_what_fits_one_of_its_members() {
        let colour = json!({"$ref": "#/$defs/Colour"});
        assert_eq!(of_schema(colour.clone(), "red"), Ok(json!("red")));
        assert_eq!(of_schema(colour.clone(), r#"{"rgb": 1}"#), Ok(json!({"rgb": 1})));
        assert_eq!(of_schema(colour, "\"red\""), Ok(json!("red")));
    }

    #[test]
    fn a_schema_that_says_nothing_takes_json_or_else_text() {
        for schema in [json!({}), json!(true), json!({"$ref": "#/$defs/Loop"})] {
            assert_eq!(of_schema(schema.clone(), "5"), Ok(json!(5)));
            assert_eq!(of_schema(schema, "five"), Ok(json!("five")));
        }
    }

    #[test]
    fn without_a_schema_the_spelling_decides() {
        let of = |spelling, word| value(&parameter(spelling, None), &Map::new(), word);
        assert_eq!(of("String", "012"), Ok(json!("012")));
        assert_eq!(of("Option<&str>", "null"), Ok(json!(null)));
        assert_eq!(of("u8", "5"), Ok(json!(5)));
        assert_eq!(of("u8", "x").unwrap_err(), "\"x\" is no u8");
        assert_eq!(of("Point", "{\"x\": 1}"), Ok(json!({"x": 1})));
    }
}
