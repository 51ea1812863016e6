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
        vec(json::method(), 0..3),
        vec(json::callback(), 0..3),
    )
        .prop_map(|(name, namespace, version, protocol, features, methods, callbacks)| {
            Descriptor { name, namespace, version, protocol, features, methods, callbacks }
        })
}

/// Adds an unknown key to every object of the descriptor's format.
fn with_unknown_keys(document: &mut Value, unknown: &Value) {
    let lists = ["methods", "callbacks", "params"];
    let Some(object) = document.as_object_mut() else { return };
    for (key, value) in object.iter_mut() {
        if let (true, Some(list)) = (lists.contains(&key.as_str()), value.as_array_mut()) {
            list.iter_mut().for_each(|each| with_unknown_keys(each, unknown));
        } else if key == "returns" {
            with_unknown_keys(value, unknown);
        }
    }
    object.insert("a later version's".into(), unknown.clone());
}

proptest! {
    #![proptest_config(config())]

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
