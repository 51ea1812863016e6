//! A type that a plugin reads and writes, as one type of its clients.
//!
//! A field with a default may be missing in what the plugin reads, and is always there in what it
//! writes. A descriptor says so by two definitions, `Item` and `Item.written`. If nothing else tells
//! them apart, clients have one type, which sends every field.

use std::collections::{BTreeMap, BTreeSet};

use goplug_runtime::protocol::reference::Reference;
use serde_json::{Map, Value};

/// What the descriptor appends to the name of a definition that is not what is read by this name.
const WRITTEN: &str = ".written";

/// Words that do not change which values there are.
const ANNOTATIONS: [&str; 9] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "required",
    "title",
    "writeOnly",
];

/// Words whose value is an object of schemas.
const BY_NAME: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];

/// The definitions of a plugin, each type once.
pub(crate) struct Unified {
    pub(crate) definitions: Map<String, Value>,
    /// The names that are gone, and the names of the definitions that stand for them.
    pub(crate) instead: BTreeMap<String, String>,
    /// The fields that may be missing and are sent nevertheless, for each definition.
    pub(crate) sent: BTreeMap<String, BTreeSet<String>>,
}

/// Makes one definition of each pair that differs only in what is required.
pub(crate) fn unify(definitions: &Map<String, Value>) -> Unified {
    let pairs = same(definitions);
    let mut unified = Unified {
        definitions: definitions.clone(),
        instead: BTreeMap::new(),
        sent: BTreeMap::new(),
    };
    for (written, read) in pairs {
        let Some(schema) = unified.definitions.remove(&written) else { continue };
        let (schema, sent) = with_defaults(schema, &definitions[&read]);
        unified.definitions.insert(read.clone(), schema);
        unified.sent.insert(read.clone(), sent);
        unified.instead.insert(written, read);
    }
    unified
}

/// The pairs that differ in nothing else, written to read. Pairs within pairs are taken for equal
/// until they are found to differ.
fn same(definitions: &Map<String, Value>) -> BTreeMap<String, String> {
    let pair = |written: &String| {
        let read = written.trim_end_matches('_').strip_suffix(WRITTEN)?;
        definitions.contains_key(read).then(|| (written.clone(), read.to_owned()))
    };
    let mut pairs: BTreeMap<_, _> = definitions.keys().filter_map(pair).collect();
    loop {
        let differs = |(written, read): &(&String, &String)| {
            !is_same(&definitions[*read], &definitions[*written], &pairs)
        };
        let Some(differing) = pairs.iter().find(differs).map(|(written, _)| written.clone()) else {
            return pairs;
        };
        pairs.remove(&differing);
    }
}

/// Whether what is written can be read, and has the same parts.
fn is_same(read: &Value, written: &Value, pairs: &BTreeMap<String, String>) -> bool {
    let (Value::Object(read), Value::Object(written)) = (read, written) else {
        return read == written;
    };
    let names: BTreeSet<_> = read.keys().chain(written.keys()).map(String::as_str).collect();
    let mut names = names.into_iter().filter(|name| !ANNOTATIONS.contains(name));
    // A field that is read has to be written: else the client might leave it out.
    required(read).is_subset(&required(written))
        && names.all(|name| is_same_word(name, read.get(name), written.get(name), pairs))
}

fn is_same_word(
    name: &str,
    read: Option<&Value>,
    written: Option<&Value>,
    pairs: &BTreeMap<String, String>,
) -> bool {
    match (name, read, written) {
        // A reader that refuses further fields gets none.
        ("additionalProperties", Some(Value::Bool(false)), None) => true,
        ("$ref", Some(Value::String(read)), Some(Value::String(written))) => {
            let names = definition(read).zip(definition(written));
            read == written
                || names.is_some_and(|(read, written)| pairs.get(&written) == Some(&read))
        }
        (name, Some(Value::Object(read)), Some(Value::Object(written)))
            if BY_NAME.contains(&name) =>
        {
            let part = |(name, schema)| {
                written.get(name).is_some_and(|written| is_same(schema, written, pairs))
            };
            read.len() == written.len() && read.iter().all(part)
        }
        ("enum" | "const", read, written) => read == written,
        (_, Some(Value::Array(read)), Some(Value::Array(written))) => {
            let mut parts = read.iter().zip(written);
            read.len() == written.len()
                && parts.all(|(read, written)| is_same(read, written, pairs))
        }
        (_, Some(read), Some(written)) => is_same(read, written, pairs),
        _ => false,
    }
}

fn required(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The name in `#/$defs/Name`.
fn definition(reference: &str) -> Option<String> {
    let reference = Reference::read(reference).filter(|found| found.within.is_empty())?;
    Some(reference.name.into())
}

/// The schema that is written, whose type has a `Default` where the one that is read has: its
/// fields need not be there if the reader says what they are otherwise. Returns also their names.
fn with_defaults(mut written: Value, read: &Value) -> (Value, BTreeSet<String>) {
    let optional = |name: &str| {
        let is_required = read.as_object().is_some_and(|read| required(read).contains(name));
        let schema = &read["properties"][name];
        let default = schema.get("default").filter(|default| !default.is_null());
        !is_required && default.is_some() != is_nullable(schema)
    };
    let mut sent = BTreeSet::new();
    if let Some(Value::Array(required)) = written.get_mut("required") {
        required.retain(|name| {
            let name = name.as_str().filter(|name| optional(name));
            sent.extend(name.map(str::to_owned));
            name.is_none()
        });
    }
    (written, sent)
}

/// Whether the value may be `null`, and its type an `Option`.
fn is_nullable(schema: &Value) -> bool {
    let is_null = |schema: &Value| match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|ty| ty == "null"),
        ty => ty.is_some_and(|ty| ty == "null"),
    };
    let variants = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
    is_null(schema) || variants.flatten().any(is_null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The names that are left of these definitions.
    fn left(definitions: Value) -> Vec<String> {
        let Value::Object(definitions) = definitions else { panic!("{definitions}") };
        unify(&definitions).definitions.keys().cloned().collect()
    }

    fn item(required: &[&str], note: Value) -> Value {
        json!({
            "type": "object", "required": required,
            "properties": {"name": {"type": "string"}, "note": note},
        })
    }

    #[test]
    fn what_differs_only_in_what_is_required_is_one_type() {
        let note = json!({"type": ["string", "null"]});
        let (read, written) = (item(&["name"], note.clone()), item(&["name", "note"], note));
        assert_eq!(left(json!({"Item": read, "Item.written": written})), ["Item"]);
    }

    #[test]
    fn so_it_is_through_references_and_recursion() {
        let read = json!({"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]});
        let written = json!({"anyOf": [{"$ref": "#/$defs/Item.written"}, {"type": "null"}]});
        let list = |item: &str| json!({"type": "array", "items": {"$ref": item}});
        assert_eq!(
            left(json!({
                "Item": item(&["name"], read),
                "Item.written": item(&["name", "note"], written),
                "List": list("#/$defs/Item"),
                "List.written": list("#/$defs/Item.written"),
            })),
            ["Item", "List"]
        );
    }

    #[test]
    fn another_difference_keeps_two_types_and_those_that_refer_to_them() {
        let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
        let list = |item: &str| json!({"type": "array", "items": {"$ref": item}});
        let lists = ("#/$defs/Item", "#/$defs/Item.written");
        for (read, written) in [
            (item(&[], text.clone()), item(&[], number)),
            // What has to be there for the reader is not always written.
            (item(&["note"], text.clone()), item(&[], text.clone())),
            (item(&[], text.clone()), json!({"type": "object", "properties": {"note": text}})),
            (
                json!({"type": "string", "enum": ["a", "b"]}),
                json!({"type": "string", "enum": ["a"]}),
            ),
        ] {
            let all = json!({
                "Item": read, "Item.written": written,
                "List": list(lists.0), "List.written": list(lists.1),
            });
            assert_eq!(left(all).len(), 4, "{read} {written}");
        }
    }

    #[test]
    fn a_field_named_like_a_word_is_a_field() {
        let of = |schema: Value| json!({"type": "object", "properties": {"default": schema}});
        let (read, written) = (of(json!({"type": "string"})), of(json!({"type": "number"})));
        assert_eq!(left(json!({"A": read, "A.written": written})).len(), 2);
    }

    #[test]
    fn a_field_with_a_default_has_it() {
        let schema = |required: &[&str]| {
            json!({
                "type": "object", "required": required,
                "properties": {
                    "pages": {"type": "integer", "default": 3}, "id": {"type": "integer"},
                    "note": {"type": ["string", "null"]},
                    "mark": {"type": ["string", "null"], "default": "x"},
                },
            })
        };
        let all = json!({"A": schema(&[]), "A.written": schema(&["id", "mark", "note", "pages"])});
        let unified = unify(all.as_object().unwrap());
        // Nothing says what `id` is otherwise, and `mark` would not be `null` if it were left out.
        assert_eq!(unified.definitions["A"]["required"], json!(["id", "mark"]));
        assert_eq!(unified.sent["A"].iter().collect::<Vec<_>>(), ["note", "pages"]);
        assert_eq!(unified.instead["A.written"], "A");
    }
}
