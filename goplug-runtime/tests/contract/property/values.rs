//! Values, as serde writes them.

use serde_json::{Map, Number, Value, json};

use super::dice::Dice;
use super::types::{CONTENT, Content, Integer, Key, Struct, TAG, Tagging, Type};

/// A value of the type.
pub(super) fn value(ty: &Type, dice: &mut Dice) -> Value {
    match ty {
        Type::Unit => Value::Null,
        Type::Bool => dice.one_in(2).into(),
        Type::Integer(kind) => integer(*kind, dice),
        Type::F32 => float(dice.pick(&[0.5_f32, -1.0, 3.0, 0.1, 1e30]).into()),
        Type::F64 => float(dice.pick(&[0.5, -1.0, 3.0, 0.123_456_789_012_3, 1e300])),
        Type::Text => dice.pick(&["", "x", "xy", "?", "A", "1"]).into(),
        Type::Character => dice.pick(&["x", "?", "ß"]).into(),
        Type::Optional(_) if dice.one_in(3) => Value::Null,
        Type::Optional(inner) => value(inner, dice),
        Type::List(inner) => (0..dice.below(4)).map(|_| value(inner, dice)).collect(),
        Type::Set(inner) => {
            let mut set: Vec<Value> = Vec::new();
            for _ in 0..dice.below(4) {
                let element = value(inner, dice);
                if !set.contains(&element) {
                    set.push(element);
                }
            }
            set.into()
        }
        Type::Tuple(places) => places.iter().map(|place| value(place, dice)).collect(),
        Type::Array(inner, count) => (0..*count).map(|_| value(inner, dice)).collect(),
        Type::Map(key, inner) => {
            let keys: &[&str] = match key {
                Key::Text => &["x", "a", "1", ""],
                Key::Natural => &["0", "7", "300"],
                Key::Signed => &["-1", "0", "7"],
            };
            let pairs =
                (0..dice.below(3)).map(|_| (dice.pick(keys).to_owned(), value(inner, dice)));
            Value::Object(pairs.collect())
        }
        Type::Struct(fields) => Value::Object(object(fields, dice)),
        Type::Enum(tagging, variants) => {
            let (name, content) = dice.pick(variants);
            variant(*tagging, name, &content, dice)
        }
        Type::Chain(inner) => {
            let mut chain = Value::Null;
            for _ in 0..=dice.below(3) {
                chain = json!({"value": value(inner, dice), "next": chain});
            }
            chain
        }
    }
}

fn integer(kind: Integer, dice: &mut Dice) -> Value {
    let (low, high) = kind.range();
    let some = i128::from(dice.next()).clamp(low, high);
    let number = dice.pick(&[low, high, 0, 1, some, high / 2]);
    Value::Number(Number::from_i128(number).unwrap())
}

fn float(number: f64) -> Value {
    Value::Number(Number::from_f64(number).unwrap())
}

fn object(fields: &Struct, dice: &mut Dice) -> Map<String, Value> {
    let mut object = Map::new();
    for field in &fields.fields {
        if field.skips && dice.one_in(2) {
            continue;
        }
        object.insert(field.name.to_owned(), value(&field.ty, dice));
    }
    object
}

fn variant(tagging: Tagging, name: &str, content: &Content, dice: &mut Dice) -> Value {
    let written = match content {
        Content::Unit => Value::Null,
        Content::One(ty) => value(ty, dice),
        Content::Fields(fields) => Value::Object(object(fields, dice)),
    };
    match (tagging, content) {
        (Tagging::External, Content::Unit) => name.into(),
        (Tagging::External, _) => json!({ name: written }),
        (Tagging::Internal | Tagging::Adjacent, Content::Unit) => json!({ TAG: name }),
        (Tagging::Adjacent, _) => json!({ TAG: name, CONTENT: written }),
        (Tagging::Untagged, _) => written,
        (Tagging::Internal, _) => {
            let mut object = written.as_object().cloned().unwrap();
            object.insert(TAG.to_owned(), name.into());
            Value::Object(object)
        }
    }
}
