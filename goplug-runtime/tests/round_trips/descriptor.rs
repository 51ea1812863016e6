//! The descriptor, also with the keys that a newer plugin may add to it.

use goplug_runtime::protocol::Descriptor;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use crate::{config, json};

fn descriptor() -> impl Strategy<Value = Descriptor> {
    (
        json::text(),
        json::text(),
        option::of(json::text()),
        any::<u32>(),
        vec(json::text(), 0..3),
        (vec(json::method(), 0..3), vec(json::callback(), 0..3)),
        (vec(json::service(), 0..2), vec(json::service(), 0..2), json::permissions()),
        option::of(json::type_descriptor()),
        json::definitions(),
    )
        .prop_map(
            |(
                name,
                namespace,
                version,
                protocol,
                features,
                (methods, callbacks),
                (needs, wants, permissions),
                configuration,
                definitions,
            )| Descriptor {
                name,
                namespace,
                version,
                protocol,
                features,
                methods,
                callbacks,
                needs,
                wants,
                permissions,
                configuration,
                definitions: definitions.into(),
            },
        )
}

/// Adds an unknown key to every object of the descriptor's format.
fn with_unknown_keys(document: &mut Value, unknown: &Value) {
    let lists = ["methods", "callbacks", "needs", "wants", "params"];
    let Some(object) = document.as_object_mut() else { return };
    for (key, value) in object.iter_mut() {
        if let (true, Some(list)) = (lists.contains(&key.as_str()), value.as_array_mut()) {
            list.iter_mut().for_each(|each| with_unknown_keys(each, unknown));
        } else if ["returns", "error", "configuration", "permissions"].contains(&key.as_str()) {
            with_unknown_keys(value, unknown);
        }
    }
    object.insert("a later version's".into(), unknown.clone());
}

/// Writes `null` for every empty or absent value of the descriptor's format.
fn with_nulls(document: &mut Value) {
    const KEYS: [&str; 14] = [
        "namespace",
        "version",
        "features",
        "methods",
        "callbacks",
        "needs",
        "wants",
        "doc",
        "params",
        "type",
        "schema",
        "fingerprint",
        "error",
        "configuration",
    ];
    let Some(object) = document.as_object_mut() else { return };
    for key in KEYS {
        // An empty version or schema is another value than none.
        let can_be_none = ["version", "schema", "error", "configuration"].contains(&key);
        let is_empty = |value: &Value| {
            !can_be_none && (value == "" || value.as_array().is_some_and(Vec::is_empty))
        };
        if object.get(key).is_none_or(is_empty) {
            object.insert(key.into(), Value::Null);
        }
    }
    for list in ["methods", "callbacks", "needs", "wants", "params"] {
        if let Some(items) = object.get_mut(list).and_then(Value::as_array_mut) {
            items.iter_mut().for_each(with_nulls);
        }
    }
    if let Some(returns) = object.get_mut("returns") {
        with_nulls(returns);
        if returns.as_object().is_some_and(|returns| returns.values().all(Value::is_null)) {
            *returns = Value::Null;
        }
    }
    for flag in ["stream", "idempotent", "optional"] {
        if object.get(flag) == Some(&Value::Bool(false)) {
            object.insert(flag.into(), Value::Null);
        }
    }
    if object.get("protocol") == Some(&Value::from(2)) {
        object.insert("protocol".into(), Value::Null);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn null_means_what_an_empty_or_absent_value_means(
        mut descriptor in descriptor(),
        is_current in any::<bool>(),
    ) {
        if is_current {
            descriptor.protocol = 2;
        }
        let mut document = serde_json::to_value(&descriptor).unwrap();
        with_nulls(&mut document);
        let text = document.to_string();
        prop_assert!(text.contains("null"), "{}", text);
        prop_assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), descriptor);
    }

    #[test]
    fn a_descriptor_reads_back_from_its_text(descriptor in descriptor()) {
        let text = serde_json::to_string(&descriptor).unwrap();
        prop_assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), descriptor);
    }

    #[test]
    fn unknown_keys_change_nothing(descriptor in descriptor(), unknown in json::value()) {
        let mut document = serde_json::to_value(&descriptor).unwrap();
        with_unknown_keys(&mut document, &unknown);
        let text = document.to_string();
        prop_assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), descriptor);
    }
}
