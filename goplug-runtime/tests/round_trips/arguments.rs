//! Arguments, by name and by position.

use std::collections::BTreeMap;

use goplug_runtime::typed::{Arguments, Call, EncodeArguments, MethodSpec, ParamSpec, TypeSchema};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use crate::{config, json};

const NAMES: [&str; 6] = ["count", "ratio", "text", "note", "table", "small"];

static METHOD: MethodSpec = MethodSpec {
    name: "m",
    params: &[
        ParamSpec { name: "count", ty: "u64", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "ratio", ty: "f64", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "text", ty: "String", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "note", ty: "Option<String>", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "table", ty: "BTreeMap<String, Vec<i128>>", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "small", ty: "Option<(f32, char)>", schema: TypeSchema::OPAQUE },
    ],
    ..MethodSpec::EMPTY
};

type Table = BTreeMap<String, Vec<i128>>;
type All = (u64, f64, String, Option<String>, Table, Option<(f32, char)>);

fn all() -> impl Strategy<Value = All> {
    // JSON cannot express NaN and infinities.
    let ratio = any::<f64>().prop_filter("finite", |number| number.is_finite());
    let small = any::<f32>().prop_filter("finite", |number| number.is_finite());
    (
        any::<u64>(),
        ratio,
        json::text(),
        option::of(json::text()),
        btree_map(json::text(), vec(any::<i128>(), 0..3), 0..3),
        option::of((small, any::<char>())),
    )
}

fn written((count, ratio, text, note, table, small): &All) -> Vec<u8> {
    (count, ratio, text, note, table, small).encode(METHOD.params).unwrap().to_vec()
}

fn read<A: Arguments>(body: &[u8]) -> A {
    Call::new(body.to_vec().into()).arguments(&METHOD).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arguments_read_back_bit_by_bit(sent in all()) {
        let read: All = read(&written(&sent));
        prop_assert_eq!(read.1.to_bits(), sent.1.to_bits());
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn arguments_by_position_decode_as_those_by_name(
        sent in all(),
        further in vec(json::value(), 0..3),
    ) {
        let (count, ratio, text, note, table, small) = &sent;
        let mut body = serde_json::to_string(&(count, ratio, text, note, table, small)).unwrap();
        body.pop();
        for value in further {
            body += &format!(",{value}");
        }
        body.push(']');
        prop_assert_eq!(read::<All>(body.as_bytes()), sent);
    }

    #[test]
    fn options_may_be_missing_and_unknown_keys_are_ignored(
        sent in all(),
        unknown in btree_map(json::text(), json::value(), 0..4),
        order in Just(NAMES.to_vec()).prop_shuffle(),
    ) {
        let mut known: BTreeMap<String, Value> = BTreeMap::new();
        let (count, ratio, text, note, table, small) = &sent;
        known.insert("count".into(), (*count).into());
        known.insert("ratio".into(), (*ratio).into());
        known.insert("text".into(), text.clone().into());
        if let Some(note) = note {
            known.insert("note".into(), note.clone().into());
        }
        if let Some(small) = small {
            known.insert("small".into(), serde_json::to_value(small).unwrap());
        }
        // serde_json's `Value` cannot hold numbers of 128 bits, but their text is valid JSON.
        let table = serde_json::to_string(table).unwrap();
        let mut members = vec![];
        for (key, value) in unknown.iter().filter(|(key, _)| !NAMES.contains(&key.as_str())) {
            members.push(format!("{}:{value}", Value::from(key.as_str())));
        }
        for name in order {
            match known.get(name) {
                Some(value) => members.push(format!("\"{name}\":{value}")),
                None if name == "table" => members.push(format!("\"table\":{table}")),
                None => {}
            }
        }
        let body = format!("{{{}}}", members.join(","));
        prop_assert_eq!(read::<All>(body.as_bytes()), sent);
    }

    #[test]
    fn missing_positions_at_the_end_are_none(a in any::<u64>()) {
        static SHORT: MethodSpec = MethodSpec {
            params: &[
                ParamSpec { name: "a", ty: "u64", schema: TypeSchema::OPAQUE },
                ParamSpec { name: "b", ty: "Option<u8>", schema: TypeSchema::OPAQUE },
                ParamSpec { name: "c", ty: "Option<String>", schema: TypeSchema::OPAQUE },
            ],
            ..METHOD
        };
        let call = Call::new(format!("[{a}]").into());
        let read: (u64, Option<u8>, Option<String>) = call.arguments(&SHORT).unwrap();
        prop_assert_eq!(read, (a, None, None));
    }

    #[test]
    fn arbitrary_bytes_decode_or_give_a_problem_with_what_was_expected(body in any::<Vec<u8>>()) {
        if let Err(problem) = Call::new(body.into()).arguments::<All>(&METHOD) {
            prop_assert!(problem.expected.is_some(), "{:?}", problem);
        }
    }
}
