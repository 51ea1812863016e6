//! Problem documents.

use goplug_runtime::protocol::{Problem, ProblemKind};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::to_raw_value;

use crate::{config, json};

fn kind() -> impl Strategy<Value = ProblemKind> {
    prop::sample::select(vec![
        ProblemKind::Method,
        ProblemKind::UnknownMethod,
        ProblemKind::InvalidArguments,
        ProblemKind::BadRequest,
        ProblemKind::DeadlineExceeded,
        ProblemKind::BodyTooLarge,
        ProblemKind::HandlerPanicked,
        ProblemKind::Internal,
        ProblemKind::Stopping,
        ProblemKind::NotActive,
        ProblemKind::Other,
    ])
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_problem_reads_back_from_its_document(
        kind in kind(),
        detail in json::text(),
        // `null` is the value of an error type without fields.
        error in option::of(prop_oneof![Just(Value::Null), json::value()]),
        parameter in option::of(json::text()),
        expected in option::of(json::text()),
    ) {
        let mut problem = Problem::new(kind, detail);
        problem.error = error.map(|value| to_raw_value(&value).unwrap());
        problem.parameter = parameter;
        problem.expected = expected;

        let read: Problem = serde_json::from_slice(&problem.to_json()).unwrap();

        prop_assert_eq!((read.kind(), read.status()), (kind, kind.status()));
        prop_assert_eq!(read.title(), problem.title());
        prop_assert_eq!(&read.detail, &problem.detail);
        let (ours, theirs) = (problem.error.as_ref(), read.error.as_ref());
        prop_assert_eq!(theirs.map(|raw| raw.get()), ours.map(|raw| raw.get()));
        prop_assert_eq!(&read.parameter, &problem.parameter);
        prop_assert_eq!(&read.expected, &problem.expected);
    }
}
