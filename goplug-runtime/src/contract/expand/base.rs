//! The keywords that say what a value is, without those that combine schemas.

use serde_json::{Map, Value};

use crate::contract::keywords::implied_type;
use crate::contract::node::Node;
use crate::contract::value_set::{Arrays, Bools, Field, Kind, Numbers, Objects, Texts, ValueSet};
use crate::protocol::integer;

type Keywords = Map<String, Value>;

/// What the keywords of one schema say, without those that combine schemas.
pub(super) fn values(keywords: &Keywords) -> ValueSet<'_> {
    let types: Vec<&str> = match keywords.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(_) => return ValueSet::doubtful("its `type` is no name"),
        None => {
            let mut implied: Vec<_> = keywords.keys().filter_map(|key| implied_type(key)).collect();
            implied.sort_unstable();
            implied.dedup();
            implied
        }
    };
    if types.is_empty() && !keywords.contains_key("type") {
        return match keywords.get("format") {
            None => ValueSet::anything(),
            Some(_) => ValueSet::doubtful("`format` without a type is not compared"),
        };
    }
    let mut set = ValueSet::default();
    let mut kinds = Vec::new();
    for name in types {
        kinds.push(match name {
            "null" => Kind::Null,
            "boolean" => Kind::Bool(Bools { no: true, yes: true }),
            "integer" => Kind::Number(numbers(keywords, true)),
            "number" => Kind::Number(numbers(keywords, false)),
            "string" => Kind::Text(texts(keywords)),
            "array" => Kind::Array(arrays(keywords)),
            "object" => Kind::Object(objects(keywords)),
            other => {
                set.doubts.push(format!("there is no type `{other}`"));
                continue;
            }
        });
    }
    // Null comes first in no message.
    kinds.sort_by_key(|kind| matches!(kind, Kind::Null));
    set.alternatives = ValueSet::of(kinds).alternatives;
    set
}

fn numbers(keywords: &Keywords, integer: bool) -> Numbers<'_> {
    let mut numbers = Numbers { integer, ..Numbers::default() };
    match keywords.get("format").and_then(Value::as_str) {
        None => {}
        Some("float") if !integer => numbers.digits = Some(24),
        Some("double") if !integer => numbers.digits = Some(53),
        Some(format) => match integer::range(format) {
            Some((min, max)) if integer => {
                (numbers.min, numbers.max, numbers.sized) = (Some(min), max, true);
            }
            _ => numbers.format = Some(format),
        },
    }
    let number = |key| keywords.get(key).and_then(Value::as_f64);
    numbers.multiple_of = number("multipleOf");
    if integer {
        let at_least = integer_of(keywords.get("minimum"), f64::ceil);
        let above = integer_of(keywords.get("exclusiveMinimum"), f64::floor);
        let at_most = integer_of(keywords.get("maximum"), f64::floor);
        let below = integer_of(keywords.get("exclusiveMaximum"), f64::ceil);
        let above = above.map(|bound| bound.saturating_add(1));
        let below = below.map(|bound| bound.saturating_sub(1));
        numbers.min = numbers.min.into_iter().chain(at_least).chain(above).max();
        numbers.max = numbers.max.into_iter().chain(at_most).chain(below).min();
        numbers.sized |= at_most.or(below).is_some() && at_least.or(above).is_some();
    } else {
        (numbers.low, numbers.open.0) =
            tighter(number("minimum"), number("exclusiveMinimum"), |a, b| a > b);
        (numbers.high, numbers.open.1) =
            tighter(number("maximum"), number("exclusiveMaximum"), |a, b| a < b);
    }
    numbers
}

/// The bound that excludes more, and whether it is itself excluded.
fn tighter(
    closed: Option<f64>,
    open: Option<f64>,
    excludes_more: fn(f64, f64) -> bool,
) -> (Option<f64>, bool) {
    match (closed, open) {
        (Some(closed), Some(open)) if excludes_more(closed, open) => (Some(closed), false),
        (_, Some(open)) => (Some(open), true),
        (closed, None) => (closed, false),
    }
}

fn integer_of(value: Option<&Value>, round: fn(f64) -> f64) -> Option<i128> {
    match value? {
        Value::Number(number) => number.as_i128().or_else(|| {
            // Beyond the range, the cast takes the nearest integer.
            #[allow(clippy::cast_possible_truncation)]
            number.as_f64().map(|number| round(number) as i128)
        }),
        _ => None,
    }
}

fn count(keywords: &Keywords, key: &str) -> Option<u64> {
    let value = keywords.get(key)?;
    // Zero and more are what a count can be; a fraction rounds to what it demands.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    value.as_u64().or_else(|| value.as_f64().map(|count| count.ceil() as u64))
}

fn texts(keywords: &Keywords) -> Texts<'_> {
    let words = |key| keywords.get(key).and_then(Value::as_str).into_iter().collect();
    Texts {
        only: None,
        formats: words("format"),
        patterns: words("pattern"),
        min: count(keywords, "minLength").unwrap_or(0),
        max: count(keywords, "maxLength"),
    }
}

fn arrays(keywords: &Keywords) -> Arrays<'_> {
    let prefix = keywords.get("prefixItems").and_then(Value::as_array);
    Arrays {
        prefix: prefix.into_iter().flatten().map(Node::new).collect(),
        items: keywords.get("items").map(Node::new),
        min: count(keywords, "minItems").unwrap_or(0),
        max: count(keywords, "maxItems"),
        unique: keywords.get("uniqueItems") == Some(&Value::Bool(true)),
    }
}

fn objects(keywords: &Keywords) -> Objects<'_> {
    let schemas = |key| keywords.get(key).and_then(Value::as_object).into_iter().flatten();
    let mut fields: std::collections::BTreeMap<_, _> = schemas("properties")
        .map(|(key, schema)| (key.as_str(), Field { node: Node::new(schema), required: false }))
        .collect();
    let required = keywords.get("required").and_then(Value::as_array);
    for key in required.into_iter().flatten().filter_map(Value::as_str) {
        let field = fields.entry(key);
        field.or_insert_with(|| Field { node: Node::any(), required: true }).required = true;
    }
    Objects {
        fields,
        patterns: schemas("patternProperties").map(|(p, s)| (p.as_str(), Node::new(s))).collect(),
        additional: keywords.get("additionalProperties").map(Node::new),
        names: keywords.get("propertyNames").map(Node::new),
        min: count(keywords, "minProperties").unwrap_or(0),
        max: count(keywords, "maxProperties"),
    }
}
