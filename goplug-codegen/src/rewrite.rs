//! Schemas of the draft 2020-12, in the words that typify reads.
//!
//! typify reads the draft 7 and some of the later one. What only restricts a value that the plugin
//! checks anyway is left out; what the value is made of is kept.

use goplug_runtime::protocol::reference::Reference;
use serde_json::{Map, Value, json};

use crate::aliases::{Aliases, Renamed, texts};
use crate::docs;
use crate::forms::{as_option, fixed_length, integers, map_of_patterns};
use crate::kinds::{becomes_definition, have_content, is_externally_tagged, is_option};

/// Words that say nothing of what a value is made of, or that belong to other tools.
const LEFT_OUT: [&str; 21] = [
    "$anchor",
    "$comment",
    "$id",
    "$schema",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "deprecated",
    "examples",
    "maxContains",
    "maxLength",
    "maxProperties",
    "minContains",
    "minLength",
    "minProperties",
    "multipleOf",
    "pattern",
    "propertyNames",
    "readOnly",
    "title",
    "unevaluatedProperties",
];

/// Words whose meaning no type of Rust can have.
const REFUSED: [&str; 7] =
    ["$dynamicRef", "$recursiveRef", "dependentSchemas", "else", "if", "not", "then"];

/// Formats that choose among types of the standard library. All others leave a text a `String`.
const FORMATS: [&str; 3] = ["ip", "ipv4", "ipv6"];

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A definition, or a member of the plugin.
    Named,
    /// A variant of an enum, whose own object is no type.
    Variant,
    /// The same, with its name and its content under keys: the content's object is no type either.
    VariantWithContent,
    /// The value of a variant that is written with its name as key: its object is no type either.
    VariantValue,
    /// A property, an item and the like: an object here becomes a definition.
    Part,
}

impl Place {
    /// The place of each of some alternatives.
    fn of_variants(variants: &[Value]) -> Self {
        if is_option(variants) {
            Self::Part
        } else if have_content(variants) {
            Self::VariantWithContent
        } else {
            Self::Variant
        }
    }
}

/// What the rewriting of a schema needs to know and gathers.
pub(crate) struct Rewriter<'a> {
    /// The Rust name for the name of a definition.
    pub(crate) reference: &'a mut dyn FnMut(&str) -> Option<String>,
    /// A name for a new definition, from the name of its parent and of the part.
    pub(crate) fresh: &'a mut dyn FnMut(&str) -> String,
    /// Names that typify gets for those on the wire.
    pub(crate) aliases: &'a mut Aliases,
    /// Those of this schema.
    pub(crate) renamed: Renamed,
    /// The new definitions.
    pub(crate) hoisted: Vec<(String, Value)>,
}

impl Rewriter<'_> {
    /// The schema of the type with this name, rewritten.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(crate) fn named(&mut self, schema: &Value, name: &str) -> Result<Value, String> {
        self.renamed = self.aliases.of_definition(schema);
        self.schema(schema, name, Place::Named)
    }

    fn schema(&mut self, schema: &Value, name: &str, place: Place) -> Result<Value, String> {
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(_) => return Ok(schema.clone()),
            other => return Err(format!("{other} is no schema")),
        };
        if let Some(option) = as_option(object) {
            return self.schema(&option, name, place);
        }
        if let Some(word) = REFUSED.into_iter().find(|word| object.contains_key(*word)) {
            return Err(format!("no type of Rust can say what `{word}` says"));
        }
        if place == Place::Part && becomes_definition(object) {
            let name = (self.fresh)(name);
            let rewritten = self.object(object, &name, Place::Named)?;
            self.hoisted.push((name.clone(), rewritten));
            return Ok(reference(&name));
        }
        self.object(object, name, place)
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        name: &str,
        place: Place,
    ) -> Result<Value, String> {
        let is_variant = place == Place::Variant && is_externally_tagged(object);
        let is_variant = is_variant || place == Place::VariantWithContent;
        let inner = if is_variant { Place::VariantValue } else { Place::Part };
        let mut out = Map::new();
        for (key, value) in object {
            if LEFT_OUT.contains(&key.as_str()) || key.starts_with("x-") {
                continue;
            }
            let value = self.word(key, value, name, inner)?;
            out.extend(value.map(|value| (key.clone(), value)));
        }
        self.rename(object, &mut out);
        integers(&mut out);
        fixed_length(&mut out)?;
        map_of_patterns(&mut out);
        Ok(Value::Object(out))
    }

    fn word(
        &mut self,
        key: &str,
        value: &Value,
        name: &str,
        inner: Place,
    ) -> Result<Option<Value>, String> {
        Ok(Some(match (key, value) {
            ("$ref", Value::String(target)) => self.referred(target)?,
            ("description", Value::String(text)) => json!(docs::sanitize(text)),
            // typify would make 64 bits of them.
            ("format", Value::String(format)) if format.ends_with("int128") => {
                return Err("an integer of 128 bits is told by its spelling alone".to_owned());
            }
            ("format", Value::String(format)) => {
                return Ok(is_kept_format(format).then(|| value.clone()));
            }
            ("properties" | "patternProperties", Value::Object(parts)) => {
                let parts = parts.iter().map(|(part, schema)| {
                    let schema = self.schema(schema, &format!("{name} {part}"), inner)?;
                    Ok((self.renamed.field(part).to_owned(), schema))
                });
                Value::Object(parts.collect::<Result<_, String>>()?)
            }
            ("additionalProperties", value) => {
                self.schema(value, &format!("{name} value"), Place::Part)?
            }
            ("items", value @ (Value::Object(_) | Value::Bool(_))) => {
                self.schema(value, &format!("{name} item"), Place::Part)?
            }
            ("prefixItems" | "items", Value::Array(items)) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    self.schema(item, &format!("{name} item {index}"), Place::Part)
                });
                Value::Array(items.collect::<Result<_, String>>()?)
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(variants)) => {
                let place = Place::of_variants(variants);
                let variants = variants.iter().map(|variant| self.schema(variant, name, place));
                Value::Array(variants.collect::<Result<_, String>>()?)
            }
            (_, value) => value.clone(),
        }))
    }

    /// # Errors
    /// If there is no such definition.
    fn referred(&mut self, target: &str) -> Result<Value, String> {
        let whole = Reference::read(target).filter(|found| found.within.is_empty());
        let known = whole.and_then(|found| (self.reference)(&found.name));
        let known = known.ok_or_else(|| format!("`{target}` is not in `$defs`"))?;
        Ok(json!(format!("#/definitions/{known}")))
    }

    /// Puts the names for typify where the schema has those on the wire.
    fn rename(&self, object: &Map<String, Value>, out: &mut Map<String, Value>) {
        if let Some(Value::Array(names)) = out.get_mut("required") {
            for name in names {
                if let Value::String(name) = name {
                    *name = self.renamed.field(name).to_owned();
                }
            }
        }
        let texts: Vec<&str> = texts(object).collect();
        let rename = |value: &mut Value| {
            if let Some(text) = value.as_str().filter(|text| texts.contains(text)) {
                *value = json!(self.renamed.variant(text));
            }
        };
        if let Some(Value::Array(values)) = out.get_mut("enum") {
            values.iter_mut().for_each(rename);
        }
        for key in ["const", "default"] {
            if let Some(value) = out.get_mut(key) {
                rename(value);
            }
        }
    }
}

/// Whether a format says which type of Rust a value has.
fn is_kept_format(format: &str) -> bool {
    let is_number = |rest: &str| matches!(rest, "8" | "16" | "32" | "64" | "");
    let of_number = ["uint", "int"].into_iter().find_map(|prefix| format.strip_prefix(prefix));
    matches!(format, "float" | "double")
        || of_number.is_some_and(is_number)
        || FORMATS.contains(&format)
}

/// `{"$ref": "#/definitions/Name"}`
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(schema: Value) -> (Value, Vec<(String, Value)>) {
        let mut reference = |name: &str| (name != "Nobody").then(|| name.to_uppercase());
        let mut fresh = |name: &str| name.replace(' ', "_");
        let mut rewriter = Rewriter {
            reference: &mut reference,
            fresh: &mut fresh,
            aliases: &mut Aliases::default(),
            renamed: Renamed::default(),
            hoisted: Vec::new(),
        };
        let schema = rewriter.named(&schema, "Top").unwrap();
        (schema, rewriter.hoisted)
    }

    #[test]
    fn a_tuple_is_written_as_the_draft_7_has_it() {
        let (schema, _) = rewrite(json!({
            "type": "array", "prefixItems": [{"type": "number"}, {"$ref": "#/$defs/a~1b"}],
            "minItems": 2, "maxItems": 2,
        }));
        assert_eq!(
            schema,
            json!({
                "type": "array", "items": [{"type": "number"}, {"$ref": "#/definitions/A/B"}],
                "minItems": 2, "maxItems": 2, "additionalItems": false,
            })
        );
    }

    #[test]
    fn an_object_within_an_object_becomes_a_definition() {
        let inner = json!({"type": "object", "properties": {"x": {"type": "integer"}}});
        let (schema, hoisted) = rewrite(json!({"type": "object", "properties": {"at": inner}}));
        assert_eq!(schema["properties"]["at"], reference("Top_at"));
        assert_eq!(hoisted, [("Top_at".to_owned(), inner)]);
    }

    #[test]
    fn the_fields_of_a_variant_stay_in_it() {
        let fields = json!({"type": "object", "properties": {"x": {"type": "integer"}}});
        let variant = json!({"type": "object", "properties": {"A": fields}, "required": ["A"]});
        let schema = json!({"oneOf": [variant, {"type": "string", "const": "B"}]});
        let (rewritten, hoisted) = rewrite(schema.clone());
        assert_eq!((rewritten, hoisted), (schema, vec![]));
    }

    #[test]
    fn a_map_with_numbers_as_keys_is_a_map() {
        let (schema, _) = rewrite(json!({
            "type": "object", "patternProperties": {"^\\d+$": {"type": "string"}},
            "additionalProperties": false,
        }));
        assert_eq!(schema, json!({"type": "object", "additionalProperties": {"type": "string"}}));
    }

    #[test]
    fn what_the_plugin_checks_is_left_out() {
        let (schema, _) = rewrite(json!({
            "type": "string", "format": "date-time", "pattern": "^2", "minLength": 1, "title": "T",
        }));
        assert_eq!(schema, json!({"type": "string"}));
        let (schema, _) = rewrite(json!({"type": "integer", "format": "uint8", "minimum": 0}));
        assert_eq!(schema, json!({"type": "integer", "format": "uint8", "minimum": 0}));
    }

    #[test]
    fn what_no_type_can_say_is_an_error() {
        let mut none = |_: &str| None;
        let mut fresh = str::to_owned;
        let mut rewriter = Rewriter {
            reference: &mut none,
            fresh: &mut fresh,
            aliases: &mut Aliases::default(),
            renamed: Renamed::default(),
            hoisted: Vec::new(),
        };
        let error = rewriter.named(&json!({"$ref": "#/$defs/Nobody"}), "Top").unwrap_err();
        assert_eq!(error, "`#/$defs/Nobody` is not in `$defs`");
        let error = rewriter.named(&json!({"not": {"type": "null"}}), "Top").unwrap_err();
        assert!(error.contains("`not`"), "{error}");
    }
}
