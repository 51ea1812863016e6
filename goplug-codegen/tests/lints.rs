//! The kept code in a crate that allows nothing: it has to compile without a warning of rustc,
//! and of clippy at its strictest.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]

include!("kept/report.rs");

use goplug::{Bytes, CallRequest, CallbackHandler, Caller, Result, Subscription};
use report::{Options, Point, ReportClient, ReportError, Shape};

/// Answers each call with the same text, and compares what is sent.
#[derive(Clone)]
struct Wire(&'static str, std::result::Result<&'static str, &'static str>);

impl Caller for Wire {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        assert_eq!(std::str::from_utf8(&request.body), Ok(self.0));
        match self.1 {
            Ok(body) => Ok(body.into()),
            Err(error) => Err(goplug::Error::Method(goplug::MethodFailure {
                error: Some(serde_json::value::RawValue::from_string(error.into()).unwrap()),
                detail: "no".into(),
            })),
        }
    }

    async fn subscribe(&self, _: &'static str, _: CallbackHandler) -> Result<Subscription> {
        Ok(Subscription::new(|| {}))
    }
}

/// The result of a future that does not wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn a_call_is_made_of_types() {
    let sent = r#"{"title":"Tea","dryRun":true,"options":{"pages":10,"tags":["top secret"]}}"#;
    let answer = r#"{"text":"Hot","author":{"name":"me"},"next":{"text":"","author":{"name":""}}}"#;
    let report = ReportClient::new(Wire(sent, Ok(answer))).unwrap();
    let options = Options { tags: vec![report::Tag::TopSecret], ..Options::default() };
    let page = ready(report.make_report("Tea", true, Some(options))).unwrap();
    assert_eq!((page.text.as_str(), page.author.name.as_str()), ("Hot", "me"));
    assert!(page.next.is_some());
}

#[test]
fn an_error_is_the_methods_own() {
    let sent = r#"{"title":"Tea","dryRun":false,"options":null}"#;
    let report = ReportClient::new(Wire(sent, Err(r#"{"TooLong":{"most":9}}"#))).unwrap();
    let error = ready(report.make_report("Tea", false, None)).unwrap_err();
    let goplug::CallError::Method(error) = error else { panic!("{error}") };
    assert!(matches!(error, ReportError::TooLong { most: 9 }));
}

#[test]
fn a_client_needs_what_the_descriptor_says() {
    let needs = <ReportClient<Wire> as goplug::Client>::expectation().described();
    let offered = include_str!("kept/report.json");
    let offered: goplug::protocol::Descriptor = serde_json::from_str(offered).unwrap();
    assert_eq!(needs.methods[0].params, offered.methods[0].params);
    assert_eq!(needs.callbacks[0].params, offered.callbacks[0].params);
    assert_eq!(needs.definitions, offered.definitions);
    assert!(needs.name.ends_with("ReportClient<lints::Wire>"), "{}", needs.name);
}

#[test]
fn a_list_of_numbers_is_not_bytes() {
    let report = ReportClient::new(Wire(r#"{"numbers":[1,2]}"#, Ok("raw"))).unwrap();
    assert_eq!(ready(report.plugin_(&vec![1, 2].into())).unwrap(), "raw");
}

#[test]
fn enums_and_tuples_are_written_as_the_schema_says() {
    let sent = r#"{"shape":{"kind":"path","points":[[1,-2]]},"tags":[]}"#;
    let report = ReportClient::new(Wire(sent, Ok("null"))).unwrap();
    let shape = Shape::Path { points: vec![Point((1, -2))] };
    ready(report.draw(&shape, &[])).unwrap();
}
