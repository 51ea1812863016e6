//! Which kind of type typify makes of a schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::aliases::texts;

/// Whether typify makes a type with a name of it. Its own names for parts could be those of
/// definitions, and then it would take one type for the other.
pub(crate) fn becomes_definition(object: &Map<String, Value>) -> bool {
    let alternatives = ["oneOf", "anyOf"].into_iter().find_map(|key| object.get(key));
    if let Some(Value::Array(variants)) = alternatives {
        return !is_option(variants);
    }
    let has_parts = object
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty());
    object.contains_key("enum") || object.contains_key("allOf") || has_parts
}

/// Whether it is one type or `null`.
pub(crate) fn is_option(variants: &[Value]) -> bool {
    let is_null = |variant: &&Value| variant.get("type").is_some_and(|ty| ty == "null");
    variants.len() == 2 && variants.iter().filter(is_null).count() == 1
}

/// Whether it is a variant as serde writes it by default: an object whose one key is the variant's
/// name.
pub(crate) fn is_externally_tagged(object: &Map<String, Value>) -> bool {
    let properties = object.get("properties").and_then(Value::as_object);
    let required = object.get("required").and_then(Value::as_array);
    properties.is_some_and(|properties| properties.len() == 1)
        && required.is_some_and(|required| required.len() == 1)
}

/// Whether they are variants as serde writes them with a tag and a content: the name under one key,
/// and what belongs to it under another, the same for all.
pub(crate) fn have_content(variants: &[Value]) -> bool {
    let mut keys = BTreeSet::new();
    let mut tags: Option<BTreeSet<&str>> = None;
    for variant in variants {
        let properties = variant.get("properties").and_then(Value::as_object);
        let required = variant.get("required").and_then(Value::as_array);
        let (Some(properties), Some(required)) = (properties, required) else { return false };
        if properties.len() != required.len() {
            return false;
        }
        let is_tag = |schema: &Value| schema.as_object().is_some_and(|it| texts(it).count() == 1);
        let own = properties.iter().filter(|(_, schema)| is_tag(schema));
        let own: BTreeSet<_> = own.map(|(name, _)| name.as_str()).collect();
        tags = Some(match tags {
            Some(tags) => tags.intersection(&own).copied().collect(),
            None => own,
        });
        keys.extend(properties.keys());
    }
    keys.len() == 2 && tags.is_some_and(|tags| tags.len() == 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tag_and_a_content_are_the_same_for_all_variants() {
        let variant = |tag: &str, keys: &[&str]| {
            let all = keys.iter().map(|key| ((*key).to_owned(), json!({"type": "object"})));
            let mut properties: Map<_, _> = all.collect();
            properties.insert(tag.into(), json!({"const": "A"}));
            json!({"properties": properties, "required": properties.keys().collect::<Vec<_>>()})
        };
        for (variants, expected) in [
            ([variant("t", &["c"]), variant("t", &["c"])], true),
            ([variant("t", &[]), variant("t", &["c"])], true),
            ([variant("t", &["c"]), variant("t", &["d"])], false),
            ([variant("t", &["c"]), variant("u", &["c"])], false),
            ([variant("t", &["c", "d"]), variant("t", &["c"])], false),
            ([variant("t", &[]), variant("t", &[])], false),
            ([variant("t", &["c"]), json!({"type": "null"})], false),
        ] {
            assert_eq!(have_content(&variants), expected, "{variants:?}");
        }
    }
}
