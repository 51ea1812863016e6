//! Arguments that decode can be written by name and by position, and then decode to the same
//! values; arguments that do not decode give a problem that says what was expected.

#![no_main]

use std::collections::BTreeMap;

use goplug_runtime::protocol::{Problem, ProblemKind};
use goplug_runtime::typed::{Arguments, Call, EncodeArguments, MethodSpec, ParamSpec, TypeSchema};
use libfuzzer_sys::fuzz_target;

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
type Optional = (Option<u64>, Option<serde_json::Value>);

fuzz_target!(|body: &[u8]| {
    let call = Call::new(body.to_vec().into());
    match call.arguments::<All>(&METHOD) {
        Ok(arguments) => {
            let (count, ratio, text, note, table, small) = &arguments;
            let by_name = (count, ratio, text, note, table, small).encode(METHOD.params);
            assert_eq!(read::<All>(&by_name.expect("they are JSON")), arguments);
            let by_position = serde_json::to_vec(&arguments).expect("they are JSON");
            assert_eq!(read::<All>(&by_position), arguments);
        }
        Err(problem) => is_clear(&problem),
    }
    match call.arguments::<Optional>(&METHOD) {
        Ok((count, ratio)) => {
            let by_name = (&count, &ratio).encode(&METHOD.params[..2]).expect("they are JSON");
            let (count_again, ratio_again) = read::<Optional>(&by_name);
            assert_eq!(count_again, count);
            assert_eq!(ratio_again, ratio);
        }
        Err(problem) => is_clear(&problem),
    }
    if let Err(problem) = call.arguments::<()>(&METHOD) {
        is_clear(&problem);
    }
});

fn read<A: Arguments>(body: &[u8]) -> A {
    Call::new(body.to_vec().into()).arguments(&METHOD).expect("what is written can be read")
}

fn is_clear(problem: &Problem) {
    assert_eq!(problem.kind(), ProblemKind::InvalidArguments);
    assert!(problem.expected.is_some() && !problem.detail.is_empty());
    let read: Problem = serde_json::from_slice(&problem.to_json()).expect("it is a document");
    assert_eq!(read.parameter, problem.parameter);
    assert_eq!(read.detail, problem.detail);
}
