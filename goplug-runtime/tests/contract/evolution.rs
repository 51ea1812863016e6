//! One row of the table: schemas by schemars, values by serde, the verdict by `compare`.

use std::fmt::Debug;
use std::sync::Arc;

use goplug_runtime::contract::{Member, Verdict, compare};
use goplug_runtime::protocol::{
    CallbackDescriptor, Descriptor, MethodDescriptor, Parameter, TypeDescriptor,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What real serde makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// All of it arrives.
    Arrives,
    /// It is read, and something of it is not.
    Lost,
    /// The reader refuses it.
    Refused,
}

/// Where in a member the type stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The client writes, the plugin reads.
    Argument,
    Answer,
    /// The plugin writes, the client reads.
    Result,
    Error,
    Progress,
    Callback,
}

/// A type's schema, and what it refers to.
pub(crate) fn schema<T: JsonSchema>(is_written: bool) -> (Value, Map<String, Value>) {
    let settings = SchemaSettings::draft2020_12();
    let settings = if is_written { settings.for_serialize() } else { settings.for_deserialize() };
    let mut generator = settings.into_generator();
    let schema = generator.subschema_for::<T>();
    (schema.to_value(), generator.take_definitions(true))
}

/// A descriptor with one member that has this type at this place.
pub(crate) fn side(place: Place, schema: Value, definitions: Map<String, Value>) -> Descriptor {
    // Spellings are equal on both sides, so that only the schemas decide.
    let ty = TypeDescriptor { spelling: "T".into(), schema: Some(schema) };
    let unit = TypeDescriptor { spelling: "()".into(), schema: None };
    let param = Parameter { name: "value".into(), ty: ty.clone(), stream: false };
    let name = String::from("member");
    let method =
        MethodDescriptor { name: name.clone(), returns: unit.clone(), ..Default::default() };
    let callback = CallbackDescriptor { name, returns: unit, ..Default::default() };
    let definitions = Arc::new(definitions);
    let mut descriptor = Descriptor { definitions, ..Descriptor::new("P", "") };
    match place {
        Place::Argument => {
            descriptor.methods.push(MethodDescriptor { params: vec![param], ..method });
        }
        Place::Result => descriptor.methods.push(MethodDescriptor { returns: ty, ..method }),
        Place::Error => descriptor.methods.push(MethodDescriptor { error: Some(ty), ..method }),
        Place::Progress => {
            descriptor.methods.push(MethodDescriptor { progress: Some(ty), ..method });
        }
        Place::Callback => {
            descriptor.callbacks.push(CallbackDescriptor { params: vec![param], ..callback });
        }
        Place::Answer => {
            descriptor.callbacks.push(CallbackDescriptor { returns: ty, ..callback });
        }
    }
    descriptor
}

fn client_writes(place: Place) -> bool {
    matches!(place, Place::Argument | Place::Answer)
}

/// The comparison of the only member.
pub(crate) fn compared<W: JsonSchema, R: JsonSchema>(place: Place) -> Member {
    let (written, of_written) = schema::<W>(true);
    let (read, of_read) = schema::<R>(false);
    let writer = side(place, written, of_written);
    let reader = side(place, read, of_read);
    let (client, plugin) = if client_writes(place) { (writer, reader) } else { (reader, writer) };
    compare(&client, &plugin).members.remove(0)
}

/// What happens to a written text.
pub(crate) fn read<R: DeserializeOwned + Serialize>(text: &str) -> Wire {
    let Ok(value) = serde_json::from_str::<R>(text) else { return Wire::Refused };
    let again = serde_json::to_string(&value).unwrap();
    let [written, again] = [text, &again].map(|text| serde_json::from_str::<Value>(text).unwrap());
    if is_within(&written, &again) { Wire::Arrives } else { Wire::Lost }
}

/// Whether all of the one value is in the other. What is `null` may be missing.
pub(crate) fn is_within(small: &Value, large: &Value) -> bool {
    match (small, large) {
        (Value::Object(small), Value::Object(large)) => small.iter().all(|(key, value)| {
            large.get(key).map_or(value.is_null(), |other| is_within(value, other))
        }),
        (Value::Array(small), Value::Array(large)) => {
            small.len() == large.len() && small.iter().zip(large).all(|(s, l)| is_within(s, l))
        }
        // An integer that was read as a float is the same number if no digit is lost.
        (Value::Number(small), Value::Number(large)) => {
            #[allow(clippy::cast_possible_truncation)]
            let whole = large.as_f64().map(|large| large as i128);
            small == large || (!small.is_f64() && small.as_i128() == whole)
        }
        _ => small == large,
    }
}

/// Runs a row, and returns what it compared for further questions.
#[track_caller]
pub(crate) fn evolve<W, R>(place: Place, value: &W, verdict: Verdict, wire: Wire) -> Member
where
    W: Serialize + JsonSchema + Debug,
    R: Serialize + DeserializeOwned + JsonSchema,
{
    let member = compared::<W, R>(place);
    assert_eq!(
        member.verdict,
        verdict,
        "\n{member}\nfor {value:?} {:#?}",
        (schema::<W>(true), schema::<R>(false))
    );
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(read::<R>(&text), wire, "{text} is read as something else\n{member}");
    if verdict <= Verdict::Compatible {
        assert_ne!(wire, Wire::Refused, "{verdict} is refused: {text}");
        if client_writes(place) {
            assert_eq!(wire, Wire::Arrives, "{verdict} loses something: {text}");
        }
    }
    for difference in &member.differences {
        let Some(witness) = &difference.witness else { continue };
        let witness = match place {
            Place::Argument | Place::Callback => &witness["value"],
            _ => witness,
        };
        let happens = read::<R>(&witness.to_string());
        match difference.verdict {
            Verdict::Incompatible => assert_eq!(happens, Wire::Refused, "{witness}\n{member}"),
            Verdict::Lossy => assert_ne!(happens, Wire::Arrives, "{witness}\n{member}"),
            _ => {}
        }
    }
    member
}

/// Runs a row whose type is an argument: the client writes.
#[track_caller]
pub(crate) fn argument<W, R>(value: W, verdict: Verdict, wire: Wire) -> Member
where
    W: Serialize + JsonSchema + Debug,
    R: Serialize + DeserializeOwned + JsonSchema,
{
    evolve::<W, R>(Place::Answer, &value, verdict, wire);
    evolve::<W, R>(Place::Argument, &value, verdict, wire)
}

/// Runs a row whose type is a result: the plugin writes. Errors, reports and the parameters of callbacks are
/// the same.
#[track_caller]
pub(crate) fn result<W, R>(value: W, verdict: Verdict, wire: Wire) -> Member
where
    W: Serialize + JsonSchema + Debug,
    R: Serialize + DeserializeOwned + JsonSchema,
{
    evolve::<W, R>(Place::Error, &value, verdict, wire);
    evolve::<W, R>(Place::Progress, &value, verdict, wire);
    evolve::<W, R>(Place::Callback, &value, verdict, wire);
    evolve::<W, R>(Place::Result, &value, verdict, wire)
}
