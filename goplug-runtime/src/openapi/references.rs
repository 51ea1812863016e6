//! A schema of a descriptor as a schema of an OpenAPI document: its references lead to the
//! components, and it changes nothing of what a reference means.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ranges::add_range;
use crate::protocol::reference::Reference;
use crate::protocol::wire;

/// Keywords that would change what references mean, or lead out of the document.
const LEFT_OUT: [&str; 8] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$schema",
    "$vocabulary",
];

/// The schemas that references lead to.
pub(super) struct Targets<'a> {
    pub(super) definitions: &'a Map<String, Value>,
    /// The names of their components, by their names in the descriptor.
    pub(super) names: BTreeMap<&'a str, String>,
}

impl Targets<'_> {
    /// The schema with references to components. A schema that is neither an object nor a bool is
    /// none: any value.
    pub(super) fn schema(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(schema) => self.object(schema).into(),
            Value::Bool(any) => (*any).into(),
            _ => Value::Object(Map::new()),
        }
    }

    fn object(&self, schema: &Map<String, Value>) -> Map<String, Value> {
        let keyword =
            |(key, value): (&String, &Value)| Some((key.clone(), self.keyword(key, value)?));
        let mut schema = schema.iter().filter_map(keyword).collect();
        add_range(&mut schema);
        schema
    }

    /// The value of a keyword; `None` if the keyword is left out.
    fn keyword(&self, keyword: &str, value: &Value) -> Option<Value> {
        match keyword {
            _ if LEFT_OUT.contains(&keyword) => None,
            "$ref" => Some(self.reference(value.as_str()?)?.into()),
            "discriminator" => Some(self.discriminator(value)),
            // Data, whatever it looks like.
            "const" | "default" | "enum" | "example" | "examples" => Some(value.clone()),
            "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions" => {
                let Value::Object(members) = value else { return Some(value.clone()) };
                let members = members.iter().map(|(name, s)| (name.clone(), self.schema(s)));
                Some(Value::Object(members.collect()))
            }
            _ => Some(self.within(value)),
        }
    }

    /// The value of a keyword that may have schemas in it.
    fn within(&self, value: &Value) -> Value {
        match value {
            Value::Object(schema) => self.object(schema).into(),
            Value::Array(values) => values.iter().map(|value| self.within(value)).collect(),
            _ => value.clone(),
        }
    }

    /// OpenAPI's keyword for tagged unions, which some libraries write in JSON Schema as well.
    fn discriminator(&self, value: &Value) -> Value {
        let mut value = value.clone();
        if let Some(mapping) = value.get_mut("mapping").and_then(Value::as_object_mut) {
            let mapped = std::mem::take(mapping).into_iter().filter_map(|(tag, to)| {
                let to = self.reference(to.as_str()?)?;
                Some((tag, to.into()))
            });
            *mapping = mapped.collect();
        }
        value
    }

    /// A reference to `#/$defs/…`, as the document has it. `None` if it leads to nothing.
    fn reference(&self, reference: &str) -> Option<String> {
        let Reference { name, within } = Reference::read(reference)?;
        let mut to = format!("#/components/schemas/{}", self.names.get(&*name)?);
        if let Some(rest) = within.strip_prefix('/') {
            if rest.split('/').any(is_left_out) || !has_schema(&self.definitions[&*name], &within) {
                return None;
            }
            to.extend(rest.split('/').map(wire::path_of_method));
        }
        Some(to)
    }
}

/// Whether there is a schema at this pointer, which begins within the definition.
fn has_schema(definition: &Value, pointer: &str) -> bool {
    definition.pointer(pointer).is_some_and(|at| at.is_object() || at.is_boolean())
}

/// Whether nothing is found at this segment of a pointer any more.
fn is_left_out(segment: &str) -> bool {
    LEFT_OUT.contains(&segment) || segment.replace("~0", "").replace("~1", "").contains('~')
}
