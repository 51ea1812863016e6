//! Schemas, as schemars writes them.

use serde_json::{Map, Value, json};

use super::types::{CONTENT, Content, Integer, Key, Struct, TAG, Tagging, Type};

/// The schema of a type, and what it refers to.
pub(super) fn schema(ty: &Type, is_written: bool) -> (Value, Map<String, Value>) {
    let mut schemas = Schemas { is_written, definitions: Map::new() };
    (schemas.of(ty), schemas.definitions)
}

struct Schemas {
    is_written: bool,
    definitions: Map<String, Value>,
}

impl Schemas {
    fn of(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Unit => json!({"type": "null"}),
            Type::Bool => json!({"type": "boolean"}),
            Type::Integer(kind) => integer(*kind),
            Type::F32 => json!({"type": "number", "format": "float"}),
            Type::F64 => json!({"type": "number", "format": "double"}),
            Type::Text => json!({"type": "string"}),
            Type::Character => json!({"type": "string", "minLength": 1, "maxLength": 1}),
            Type::Optional(inner) => optional(self.of(inner)),
            Type::List(inner) => json!({"type": "array", "items": self.of(inner)}),
            Type::Set(inner) => {
                json!({"type": "array", "items": self.of(inner), "uniqueItems": true})
            }
            Type::Tuple(places) => {
                let items: Vec<_> = places.iter().map(|place| self.of(place)).collect();
                let count = places.len();
                json!({"type": "array", "prefixItems": items, "minItems": count, "maxItems": count})
            }
            Type::Array(inner, count) => {
                let items = self.of(inner);
                json!({"type": "array", "items": items, "minItems": count, "maxItems": count})
            }
            Type::Map(key, inner) => self.map(*key, inner),
            Type::Struct(fields) => {
                let schema = self.object(fields);
                self.defined("Struct", |_, _| schema)
            }
            Type::Enum(tagging, variants) => {
                let schema = self.union(*tagging, variants);
                self.defined("Enum", |_, _| schema)
            }
            Type::Chain(inner) => {
                let value = self.of(inner);
                self.defined("Chain", |schemas, name| {
                    let next = json!({"anyOf": [{"$ref": name}, {"type": "null"}]});
                    let required = if schemas.is_written {
                        json!(["value", "next"])
                    } else {
                        json!(["value"])
                    };
                    let properties = json!({"value": value, "next": next});
                    json!({"type": "object", "properties": properties, "required": required})
                })
            }
        }
    }

    /// Puts a schema into the definitions, and refers to it.
    fn defined(&mut self, kind: &str, make: impl FnOnce(&Self, &str) -> Value) -> Value {
        let name = format!("{kind}{}", self.definitions.len());
        let reference = format!("#/$defs/{name}");
        let schema = make(self, &reference);
        self.definitions.insert(name, schema);
        json!({"$ref": reference})
    }

    fn map(&mut self, key: Key, inner: &Type) -> Value {
        let inner = self.of(inner);
        let pattern = match key {
            Key::Text => return json!({"type": "object", "additionalProperties": inner}),
            Key::Natural => r"^\d+$",
            Key::Signed => r"^-?\d+$",
        };
        json!({"type": "object", "patternProperties": {pattern: inner}, "additionalProperties": false})
    }

    fn object(&mut self, fields: &Struct) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in &fields.fields {
            properties.insert(field.name.to_owned(), self.of(&field.ty));
            let is_required = match self.is_written {
                true => !field.skips,
                false => !field.defaults && !matches!(field.ty, Type::Optional(_)),
            };
            if is_required {
                required.push(Value::from(field.name));
            }
        }
        let mut schema = json!({"type": "object"});
        if !properties.is_empty() {
            schema["properties"] = Value::Object(properties);
        }
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        if fields.denies {
            schema["additionalProperties"] = false.into();
        }
        schema
    }

    fn union(&mut self, tagging: Tagging, variants: &[(&'static str, Content)]) -> Value {
        let mut schemas = Vec::new();
        let mut units = Vec::new();
        for (name, content) in variants {
            match (tagging, content) {
                (Tagging::External, Content::Unit) => units.push(Value::from(*name)),
                _ => schemas.push(self.variant(tagging, name, content)),
            }
        }
        if !units.is_empty() {
            let units = json!({"type": "string", "enum": units});
            if schemas.is_empty() {
                return units;
            }
            schemas.insert(0, units);
        }
        match tagging {
            Tagging::Untagged => json!({ "anyOf": schemas }),
            _ => json!({ "oneOf": schemas }),
        }
    }

    fn variant(&mut self, tagging: Tagging, name: &str, content: &Content) -> Value {
        let inner = match content {
            Content::Unit => json!({"type": "object"}),
            Content::One(ty) => self.of(ty),
            Content::Fields(fields) => self.object(fields),
        };
        let tag = json!({"type": "string", "const": name});
        match (tagging, content) {
            (Tagging::Untagged, _) => inner,
            (Tagging::External, _) => json!({
                "type": "object", "properties": {name: inner}, "required": [name],
                "additionalProperties": false,
            }),
            (Tagging::Adjacent, Content::Unit) => {
                json!({"type": "object", "properties": {TAG: tag}, "required": [TAG]})
            }
            (Tagging::Adjacent, _) => json!({
                "type": "object", "properties": {TAG: tag, CONTENT: inner},
                "required": [TAG, CONTENT],
            }),
            (Tagging::Internal, _) => {
                let mut schema = inner;
                schema["properties"][TAG] = tag;
                let mut required = vec![Value::from(TAG)];
                required.extend(schema["required"].as_array().cloned().unwrap_or_default());
                schema["required"] = required.into();
                schema
            }
        }
    }
}

fn integer(kind: Integer) -> Value {
    let (low, high) = kind.range();
    match kind {
        Integer::U8 => {
            json!({"type": "integer", "format": "uint8", "minimum": low, "maximum": high})
        }
        Integer::I8 => {
            json!({"type": "integer", "format": "int8", "minimum": low, "maximum": high})
        }
        Integer::U16 => {
            json!({"type": "integer", "format": "uint16", "minimum": low, "maximum": high})
        }
        Integer::I32 => json!({"type": "integer", "format": "int32"}),
        Integer::I64 => json!({"type": "integer", "format": "int64"}),
        Integer::U32 => json!({"type": "integer", "format": "uint32", "minimum": 0}),
        Integer::U64 => json!({"type": "integer", "format": "uint64", "minimum": 0}),
    }
}

fn optional(mut schema: Value) -> Value {
    match schema.get("type") {
        Some(Value::String(ty)) if schema.get("enum").is_none() => {
            let types = if ty == "null" { json!("null") } else { json!([ty, "null"]) };
            schema["type"] = types;
            schema
        }
        Some(Value::Array(_)) => schema,
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}
