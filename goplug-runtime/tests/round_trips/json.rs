//! Arbitrary JSON values, and the parts that several documents of the protocol have.

use goplug_runtime::protocol::{
    CallbackDescriptor, MethodDescriptor, Parameter, Permissions, ServiceDescriptor, TypeDescriptor,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Any JSON value of moderate size.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // JSON cannot express the others.
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Text with the characters that are special in one of the formats.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        vec(any::<char>(), 0..8).prop_map(String::from_iter),
        vec(
            prop::sample::select(vec![
                "\r", "\n", "\r\n", "\0", "\u{feff}", "\u{2028}", ":", " ", "\"", "\\", "%", "/",
                "ß", "data", "😀", "x",
            ]),
            0..8
        )
        .prop_map(|pieces| pieces.concat()),
    ]
}

pub(crate) fn type_descriptor() -> impl Strategy<Value = TypeDescriptor> {
    // `null` is not a schema, and reads as `None`.
    let schema = value().prop_filter("no schema", |value| !value.is_null());
    (text(), option::of(schema)).prop_map(|(spelling, schema)| TypeDescriptor { spelling, schema })
}

fn parameters() -> impl Strategy<Value = Vec<Parameter>> {
    let parameter = (text(), type_descriptor(), any::<bool>())
        .prop_map(|(name, ty, stream)| Parameter { name, ty, stream });
    vec(parameter, 0..3)
}

/// Any method of a descriptor.
pub(crate) fn method() -> impl Strategy<Value = MethodDescriptor> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let types = (type_descriptor(), option::of(type_descriptor()), option::of(type_descriptor()));
    (text(), text(), parameters(), types, flags, text()).prop_map(
        |(name, doc, params, types, (stream, idempotent, optional), fingerprint)| {
            let (returns, error, progress) = types;
            MethodDescriptor {
                name,
                doc,
                params,
                returns,
                error,
                progress,
                stream,
                idempotent,
                optional,
                fingerprint,
            }
        },
    )
}

/// Any callback of a descriptor.
pub(crate) fn callback() -> impl Strategy<Value = CallbackDescriptor> {
    (text(), text(), parameters(), type_descriptor(), text()).prop_map(
        |(name, doc, params, returns, fingerprint)| CallbackDescriptor {
            name,
            doc,
            params,
            returns,
            fingerprint,
        },
    )
}

pub(crate) fn service() -> impl Strategy<Value = ServiceDescriptor> {
    (text(), vec(method(), 0..2)).prop_map(|(name, methods)| ServiceDescriptor { name, methods })
}

/// What a plugin may ask for.
pub(crate) fn permissions() -> impl Strategy<Value = Permissions> {
    let paths = || vec("(/|~/)?[a-zß ]{1,6}(/[a-z.]{1,3}[a-z])?", 0..3);
    let flags = (any::<bool>(), any::<bool>());
    let memory = option::of(1..=u64::MAX);
    (paths(), paths(), vec(1..=u16::MAX, 0..3), flags, memory).prop_map(
        |(read, write, connect, (udp, unix_sockets), memory)| {
            let mut permissions = Permissions::default();
            (permissions.read, permissions.write) = (read, write);
            (permissions.connect, permissions.memory) = (connect, memory);
            (permissions.udp, permissions.unix_sockets) = (udp, unix_sockets);
            permissions
        },
    )
}

/// Any schemas that others share.
pub(crate) fn definitions() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(text(), value(), 0..3).prop_map(|schemas| schemas.into_iter().collect())
}
