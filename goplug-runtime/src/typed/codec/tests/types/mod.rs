//! Each row of the tables in `docs/types.md`: what JSON does to a Rust type.
//!
//! A value goes as a parameter and as a result, from one end to the other.

mod arrive;
mod change;
mod receiver;
mod sender;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::protocol::ProblemKind;
use crate::typed::Reply;
use crate::typed::codec::{DecodeResult, Json, decode, encode};
use crate::typed::declare::check::MethodResult;
use crate::typed::declare::{MethodSpec, ParamSpec, TypeSchema};

/// The first cell of each row of a table, with its test.
type Rows = [(&'static str, fn())];

const METHOD: MethodSpec = MethodSpec {
    name: "m",
    params: &[ParamSpec { name: "value", ty: "T", schema: TypeSchema::OPAQUE }],
    returns: "T",
    ..MethodSpec::EMPTY
};

/// The value is this JSON on its way, and another one at its end.
fn arrives_as<T, U>(value: &T, json: &str, arrived: &U)
where
    T: Serialize,
    U: MethodResult + PartialEq + Debug,
{
    let body = encode(METHOD.name, METHOD.params, (value,)).unwrap();
    assert_eq!(body, format!("{{\"value\":{json}}}"));
    let (read,) = decode::<(U,)>(&body, METHOD.params).unwrap();
    assert_eq!(read, *arrived, "as a parameter");
    let reply = Reply::json(value).unwrap();
    assert_eq!(reply.body, json);
    assert_eq!(<Json as DecodeResult<U>>::decode(&METHOD, reply.body).unwrap(), *arrived);
}

/// The value is this JSON on its way, and itself at its end.
fn arrives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str) {
    arrives_as(value, json, value);
}

/// The sender cannot write the value, and says so with this text.
fn sender_refuses<T: Serialize>(value: &T, text: &str) {
    let error = encode(METHOD.name, METHOD.params, (value,)).unwrap_err();
    let Error::Arguments { parameter, detail, .. } = error else { panic!("{error:?}") };
    assert_eq!(parameter.as_deref(), Some("value"));
    assert!(detail.contains(text), "{detail}");
    let problem = Reply::json(value).unwrap_err();
    assert_eq!(problem.kind(), ProblemKind::Internal);
    assert!(problem.detail.contains(text), "{}", problem.detail);
}

/// The receiver cannot read this JSON as a `T`, and says so with this text.
fn receiver_refuses<T: MethodResult + Debug>(json: &str, text: &str) {
    let body = format!("{{\"value\":{json}}}");
    let problem = decode::<(T,)>(body.as_bytes(), METHOD.params).unwrap_err();
    assert!(problem.detail.contains(text), "{}", problem.detail);
    let error = <Json as DecodeResult<T>>::decode(&METHOD, json.to_owned().into()).unwrap_err();
    assert!(matches!(&error, Error::Decode { source, .. } if source.to_string().contains(text)));
}

/// The first cells of the table under this heading.
fn documented(heading: &str) -> Vec<&'static str> {
    let text = include_str!("../../../../../../docs/types.md");
    let section = text.split("\n## ").find(|section| section.starts_with(heading));
    let table = section.expect("the heading").lines().filter(|line| line.starts_with("| "));
    // The head of the table is no row.
    table.skip(1).filter_map(|line| line.split(" | ").next()?.strip_prefix("| ")).collect()
}

/// Runs the tests of all rows, and checks that the page has the same rows.
fn check(heading: &str, rows: &Rows) {
    for (row, test) in rows {
        eprintln!("{row}");
        test();
    }
    let tested: Vec<_> = rows.iter().map(|(row, _)| *row).collect();
    assert_eq!(documented(heading), tested, "docs/types.md, {heading}");
}

#[test]
fn what_arrives_as_it_was_sent() {
    check("What arrives as it was sent", arrive::ROWS);
}

#[test]
fn what_the_sender_refuses() {
    check("What the sender refuses", sender::ROWS);
}

#[test]
fn what_the_receiver_refuses() {
    check("What the receiver refuses", receiver::ROWS);
}

#[test]
fn what_arrives_as_another_value() {
    check("What arrives as another value", change::ROWS);
}
