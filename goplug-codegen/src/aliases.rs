//! Names for fields and variants where typify would take the same one for two.
//!
//! typify makes an identifier out of each name on the wire: `a_b` of `a-b` and of `a_b`, and nothing
//! that could be told apart of `-` and `😀`. For such a name it gets another, which leads to a free
//! identifier and ends in a mark, and the code that it makes has the name on the wire instead.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::names::{Case, free_identifier, typify_identifier};

/// The first of the marks: characters of private use, which are no part of identifiers.
const FIRST_MARK: u32 = 0xF_0000;

/// What typify calls the field for all properties that have no name of their own.
const EXTRA: &str = "extra";

/// The names that typify gets instead, for all of a plugin.
#[derive(Default)]
pub(crate) struct Aliases {
    /// The names on the wire.
    wires: BTreeMap<String, String>,
    marks: BTreeMap<(String, String), String>,
}

/// The names that typify gets instead, within one definition.
#[derive(Default)]
pub(crate) struct Renamed {
    fields: BTreeMap<String, String>,
    variants: BTreeMap<String, String>,
}

impl Renamed {
    pub(crate) fn field<'n>(&'n self, wire: &'n str) -> &'n str {
        self.fields.get(wire).map_or(wire, String::as_str)
    }

    pub(crate) fn variant<'n>(&'n self, wire: &'n str) -> &'n str {
        self.variants.get(wire).map_or(wire, String::as_str)
    }
}

impl Aliases {
    /// The name on the wire for a text in typify's code, if the text stands for one.
    pub(crate) fn wire(&self, text: &str) -> Option<&str> {
        self.wires.get(text).map(String::as_str)
    }

    /// The name on the wire of an alias that is somewhere in a text.
    pub(crate) fn within(&self, text: &str) -> Option<&str> {
        let mut aliases = self.wires.iter();
        aliases.find(|(alias, _)| text.contains(alias.as_str())).map(|(_, wire)| wire.as_str())
    }

    /// Finds other names for those in a definition that would clash.
    pub(crate) fn of_definition(&mut self, schema: &Value) -> Renamed {
        let mut found = Found::default();
        found.search(schema);
        let taken =
            if found.has_extra { BTreeSet::from([EXTRA.to_owned()]) } else { BTreeSet::new() };
        Renamed {
            fields: self.distinct(found.fields, Case::Snake, taken),
            variants: self.distinct(found.variants, Case::Pascal, BTreeSet::new()),
        }
    }

    fn distinct(
        &mut self,
        wires: BTreeSet<String>,
        case: Case,
        mut taken: BTreeSet<String>,
    ) -> BTreeMap<String, String> {
        let mut others = BTreeMap::new();
        let own = |wire: &String| typify_identifier(wire, case) == *wire;
        // Names that are identifiers stay what they are.
        let (first, rest): (Vec<_>, Vec<_>) = wires.into_iter().partition(own);
        for wire in first.into_iter().chain(rest) {
            let ident = typify_identifier(&wire, case);
            if taken.insert(ident.clone()) {
                continue;
            }
            let ident = free_identifier(&ident, case, &mut taken);
            let alias = self.marked(ident, &wire);
            others.insert(wire, alias);
        }
        others
    }

    fn marked(&mut self, ident: String, wire: &str) -> String {
        let key = (ident, wire.to_owned());
        if let Some(alias) = self.marks.get(&key) {
            return alias.clone();
        }
        // There is no plugin with as many names as there are marks; its last names would share one.
        let number = u32::try_from(self.marks.len()).unwrap_or_default().min(0xFFFD);
        let mark = char::from_u32(FIRST_MARK + number).unwrap_or_default();
        let alias = format!("{}{mark}", key.0);
        self.wires.insert(alias.clone(), wire.to_owned());
        self.marks.insert(key, alias.clone());
        alias
    }
}

/// The names in a definition.
#[derive(Default)]
struct Found {
    fields: BTreeSet<String>,
    variants: BTreeSet<String>,
    has_extra: bool,
}

impl Found {
    fn search(&mut self, schema: &Value) {
        let Value::Object(object) = schema else { return };
        self.names(object);
        for (word, value) in object {
            match (word.as_str(), value) {
                ("properties" | "patternProperties", Value::Object(parts)) => {
                    parts.values().for_each(|part| self.search(part));
                }
                ("additionalProperties" | "items" | "additionalItems", Value::Object(_)) => {
                    self.search(value);
                }
                ("prefixItems" | "items" | "oneOf" | "anyOf" | "allOf", Value::Array(parts)) => {
                    parts.iter().for_each(|part| self.search(part));
                }
                _ => {}
            }
        }
    }

    fn names(&mut self, object: &Map<String, Value>) {
        let properties = object.get("properties").and_then(Value::as_object);
        self.fields.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
        let required = object.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        self.fields.extend(required.map(str::to_owned));
        self.has_extra |= object.get("additionalProperties").is_some_and(Value::is_object);
        self.variants.extend(texts(object).map(str::to_owned));
    }
}

/// The values that become variants: those of an `enum` of texts, and a text that is constant.
pub(crate) fn texts(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let values = object.get("enum").and_then(Value::as_array);
    let is_text = |value: &Value| value.is_string() || value.is_null();
    let values = values.filter(|values| values.iter().all(is_text));
    values.into_iter().flatten().chain(object.get("const")).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn renamed(schema: &Value) -> Renamed {
        Aliases::default().of_definition(schema)
    }

    #[test]
    fn names_that_lead_to_one_identifier_are_told_apart() {
        let schema = json!({
            "properties": {"a-b": true, "a_b": true, "a.b": true, "c": true},
            "required": ["type", "type_"],
        });
        let renamed = renamed(&schema);
        assert_eq!((renamed.field("a_b"), renamed.field("c")), ("a_b", "c"));
        assert!(
            renamed.field("a-b").starts_with("a_b2") || renamed.field("a-b").starts_with("a_b3")
        );
        assert_ne!(renamed.field("a-b"), renamed.field("a.b"));
        assert_eq!(renamed.field("type_"), "type_");
        assert!(renamed.field("type").starts_with("type2"), "{}", renamed.field("type"));
    }

    #[test]
    fn extra_is_taken_if_there_are_further_properties() {
        let of = |further: Value| json!({"properties": {"extra": true}, "additionalProperties": further});
        assert!(renamed(&of(json!({"type": "string"}))).field("extra").starts_with("extra2"));
        assert_eq!(renamed(&of(json!(false))).field("extra"), "extra");
    }

    #[test]
    fn values_of_which_no_identifier_is_left_are_told_apart() {
        let renamed = renamed(&json!({"enum": ["", "-", "self", "Self", "😀", "ok"]}));
        let names: BTreeSet<_> =
            ["", "-", "self", "Self", "😀", "ok"].map(|value| renamed.variant(value)).into();
        assert_eq!(names.len(), 6);
        assert_eq!(renamed.variant("ok"), "ok");
    }

    #[test]
    fn values_that_are_no_variants_stay() {
        let renamed = renamed(&json!({"enum": ["-", "+", 1]}));
        assert_eq!((renamed.variant("-"), renamed.variant("+")), ("-", "+"));
    }

    #[test]
    fn an_alias_leads_back() {
        let mut aliases = Aliases::default();
        let renamed = aliases.of_definition(&json!({"properties": {"a-b": true, "a_b": true}}));
        assert_eq!(aliases.wire(renamed.field("a-b")), Some("a-b"));
        assert_eq!(aliases.wire("a_b"), None);
    }
}
