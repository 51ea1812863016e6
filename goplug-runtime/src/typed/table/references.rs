//! The references within a schema.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::protocol::reference::{DEFINITIONS, Reference};

/// Visits each reference in a schema. The key `$schema` is removed, which belongs to a document of
/// its own.
pub(super) fn each_reference(schema: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    let Value::Object(schema) = schema else { return };
    schema.remove("$schema");
    for (key, value) in schema.iter_mut() {
        match (key.as_str(), value) {
            ("$ref" | "$dynamicRef", Value::String(reference)) => visit(reference),
            // These hold values, in which nothing is a schema.
            ("const" | "default" | "enum" | "examples", _) => {}
            (
                "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions",
                Value::Object(schemas),
            ) => schemas.values_mut().for_each(|schema| each_reference(schema, visit)),
            (_, Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| each_reference(schema, visit));
            }
            (_, schema) => each_reference(schema, visit),
        }
    }
}

/// The name of the definition that a reference leads to; `None` if it leads elsewhere.
pub(super) fn definition_of(reference: &str) -> Option<String> {
    Some(Reference::read(reference)?.name.into_owned())
}

/// Leads a reference to the definition whose name has this suffix as well, if there is one for it.
pub(super) fn rename(reference: &mut String, suffixes: &BTreeMap<String, String>) {
    let suffix = definition_of(reference).and_then(|name| suffixes.get(&name));
    if let Some((suffix, encoded)) = suffix.zip(encoded_name(reference)) {
        reference.insert_str(DEFINITIONS.len() + encoded.len(), suffix);
    }
}

fn encoded_name(reference: &str) -> Option<&str> {
    reference.strip_prefix(DEFINITIONS)?.split('/').next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_where_a_schema_is_and_not_in_values() {
        let reference = json!({"$ref": "#/$defs/A"});
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "default": reference,
            "examples": [reference],
            "properties": {"default": {"$ref": "#/$defs/B"}, "$ref": {"const": reference}},
            "dependentSchemas": {"x": {"items": {"$ref": "#/$defs/C"}}},
            "oneOf": [{"enum": [reference]}, {"$ref": "#/$defs/D/properties/x"}, true],
            "additionalProperties": {"$ref": "https://elsewhere/#/$defs/E"},
        });

        let mut names = Vec::new();
        each_reference(&mut schema, &mut |reference| names.extend(definition_of(reference)));

        names.sort();
        assert_eq!(names, ["B", "C", "D"]);
        assert_eq!(schema.get("$schema"), None);
    }

    #[test]
    fn names_are_encoded_in_references() {
        let suffixes = BTreeMap::from([("a/b~c d".to_owned(), ".written".to_owned())]);
        let mut reference = "#/$defs/a~1b~0c%20d/items".to_owned();
        assert_eq!(definition_of(&reference).unwrap(), "a/b~c d");

        rename(&mut reference, &suffixes);

        assert_eq!(reference, "#/$defs/a~1b~0c%20d.written/items");
        rename(&mut reference, &suffixes);
        assert_eq!(reference, "#/$defs/a~1b~0c%20d.written/items");
        assert_eq!(definition_of("#/$defs/%ff"), None);
    }
}
