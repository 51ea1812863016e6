//! What serde makes of a value, written again.

use serde_json::{Map, Number, Value, json};

use super::types::{CONTENT, Content, Field, Key, Struct, TAG, Tagging, Type};

/// The value as the type reads it and writes it again; `None` if it is refused.
pub(super) fn decode(ty: &Type, value: &Value) -> Option<Value> {
    match ty {
        Type::Unit => value.is_null().then_some(Value::Null),
        Type::Bool => value.is_boolean().then(|| value.clone()),
        Type::Integer(kind) => {
            let (low, high) = kind.range();
            let number = value.as_number()?.as_i128()?;
            (low <= number && number <= high).then(|| value.clone())
        }
        Type::F64 => float(value.as_f64()?),
        #[allow(clippy::cast_possible_truncation)]
        Type::F32 => (value.as_f64()? as f32).to_string().parse().ok().and_then(float),
        Type::Text => value.is_string().then(|| value.clone()),
        Type::Character => (value.as_str()?.chars().count() == 1).then(|| value.clone()),
        Type::Optional(_) if value.is_null() => Some(Value::Null),
        Type::Optional(inner) => decode(inner, value),
        Type::List(inner) => elements(inner, value),
        Type::Set(inner) => {
            let Value::Array(elements) = elements(inner, value)? else { return None };
            let mut set = Vec::new();
            for element in elements {
                if !set.contains(&element) {
                    set.push(element);
                }
            }
            Some(set.into())
        }
        Type::Tuple(places) => {
            let elements = value.as_array().filter(|elements| elements.len() == places.len())?;
            places.iter().zip(elements).map(|(place, element)| decode(place, element)).collect()
        }
        Type::Array(inner, count) => {
            value.as_array().filter(|elements| elements.len() == *count)?;
            elements(inner, value)
        }
        Type::Map(key, inner) => {
            let pairs = value.as_object()?.iter().map(|(name, value)| {
                is_key(*key, name).then_some(())?;
                Some((name.clone(), decode(inner, value)?))
            });
            Some(Value::Object(pairs.collect::<Option<_>>()?))
        }
        Type::Struct(fields) => object(fields, value.as_object()?).map(Value::Object),
        Type::Enum(tagging, variants) => union(*tagging, variants, value),
        Type::Chain(inner) => {
            let object = value.as_object()?;
            let next = match object.get("next") {
                None | Some(Value::Null) => Value::Null,
                Some(next) => decode(ty, next)?,
            };
            Some(json!({"value": decode(inner, object.get("value")?)?, "next": next}))
        }
    }
}

fn float(number: f64) -> Option<Value> {
    Number::from_f64(number).map(Value::Number)
}

fn elements(inner: &Type, value: &Value) -> Option<Value> {
    value.as_array()?.iter().map(|element| decode(inner, element)).collect()
}

fn is_key(key: Key, name: &str) -> bool {
    match key {
        Key::Text => true,
        Key::Natural => name.parse::<u32>().is_ok(),
        Key::Signed => name.parse::<i64>().is_ok(),
    }
}

fn object(fields: &Struct, object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let is_known = |key: &String| fields.fields.iter().any(|field| field.name == key);
    if fields.denies && !object.keys().all(is_known) {
        return None;
    }
    let mut read = Map::new();
    for field in &fields.fields {
        match object.get(field.name) {
            Some(value) => {
                read.insert(field.name.to_owned(), decode(&field.ty, value)?);
            }
            None if is_optional(field) => {}
            None => return None,
        }
    }
    Some(read)
}

fn is_optional(field: &Field) -> bool {
    field.defaults || matches!(field.ty, Type::Optional(_))
}

fn union(tagging: Tagging, variants: &[(&'static str, Content)], value: &Value) -> Option<Value> {
    let find = |name: &str| variants.iter().find(|(known, _)| *known == name);
    match tagging {
        Tagging::Untagged => variants.iter().find_map(|(_, variant)| content(variant, value)),
        Tagging::External => {
            if let Some(name) = value.as_str() {
                return matches!(find(name)?.1, Content::Unit).then(|| value.clone());
            }
            let object = value.as_object().filter(|object| object.len() == 1)?;
            let (name, inner) = object.iter().next()?;
            // serde reads `{"Unit": null}` as well, which no schema says and nobody writes.
            let variant = Some(&find(name)?.1).filter(|v| !matches!(v, Content::Unit))?;
            Some(json!({ name: content(variant, inner)? }))
        }
        Tagging::Internal => {
            let object = value.as_object()?;
            let (name, variant) = find(object.get(TAG)?.as_str()?)?;
            let mut read = match variant {
                Content::Fields(fields) => {
                    // serde takes the tag out before it reads the rest.
                    let mut rest = object.clone();
                    rest.remove(TAG);
                    self::object(fields, &rest)?
                }
                _ => Map::new(),
            };
            read.insert(TAG.to_owned(), (*name).into());
            Some(Value::Object(read))
        }
        Tagging::Adjacent => {
            let object = value.as_object()?;
            let (name, variant) = find(object.get(TAG)?.as_str()?)?;
            let mut read = json!({ TAG: name });
            // Where the content is an `Option`, serde reads none as well, which no schema says.
            match (variant, object.get(CONTENT)) {
                (Content::Unit, None | Some(Value::Null)) => {}
                (Content::Unit, Some(_)) | (_, None) => return None,
                (variant, Some(inner)) => read[CONTENT] = content(variant, inner)?,
            }
            Some(read)
        }
    }
}

fn content(variant: &Content, value: &Value) -> Option<Value> {
    match variant {
        Content::Unit => value.is_null().then_some(Value::Null),
        Content::One(ty) => decode(ty, value),
        Content::Fields(fields) => object(fields, value.as_object()?).map(Value::Object),
    }
}
