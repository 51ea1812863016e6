//! Problem documents.

use goplug_runtime::RemoteError;
use goplug_runtime::protocol::{Problem, ProblemKind, visible};
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
        ProblemKind::Unauthorized,
        ProblemKind::Misdirected,
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
        // What is shown to people has no hidden characters.
        let shown = |text: &str| visible(text).into_owned();
        prop_assert_eq!(&read.detail, &shown(&problem.detail));
        let (ours, theirs) = (problem.error.as_ref(), read.error.as_ref());
        prop_assert_eq!(theirs.map(|raw| raw.get()), ours.map(|raw| raw.get()));
        prop_assert_eq!(&read.parameter, &problem.parameter.as_deref().map(shown));
        prop_assert_eq!(&read.expected, &problem.expected.as_deref().map(shown));
    }
}

/// The members in which `null` says that there is nothing. In `error` it is a value.
#[test]
fn a_problem_with_nulls_reads_as_one_without_these_members() {
    let text = r#"{"type":null,"title":null,"status":null,"detail":null,"parameter":null,
        "expected":null,"error":{"message":"m","chain":null}}"#;
    let read: Problem = serde_json::from_str(text).unwrap();
    assert_eq!((read.kind(), read.status(), read.title()), (ProblemKind::Other, 0, ""));
    assert_eq!((read.detail.as_str(), &read.parameter, &read.expected), ("", &None, &None));
    let error: RemoteError = serde_json::from_str(read.error.as_ref().unwrap().get()).unwrap();
    assert_eq!((error.message(), error.chain().len()), ("m", 0));
}
