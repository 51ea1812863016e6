//! Errors whose texts have gone through several methods can be read.

use goplug::testing::InProcess;
use goplug::{Caller, Error, Plugin};
use goplug_tests::fixtures::report::{Report, ReportClient};

use crate::services::{Pool, python_report, report};
use crate::test_env::{has_python, run_test};

/// The text of the innermost error: a document in a text, a path, and a line end.
const TEXT: &str = "{\"name\":\"a\\\"b\"} in C:\\new\nand more";

/// The same text with the line end written out.
const SHOWN: &str = r#"{"name":"a\"b"} in C:\new\nand more"#;

/// The text of an error in the text of an error and so on. The error is a service's, and its type has only
/// `Debug`.
async fn nested<C: Caller>(report: &ReportClient<C>, levels: usize) -> String {
    let mut text = TEXT.to_owned();
    for _ in 0..levels {
        text = report.texts(&text).await.unwrap_err().to_string();
    }
    text
}

/// The text of the error with which a method fails that is called by its name.
async fn detail(plugin: &Plugin, table: &str) -> String {
    let arguments = serde_json::to_vec(&[table]).unwrap();
    match plugin.execute("texts", arguments).await {
        Err(Error::Method(failure)) => failure.detail,
        other => panic!("{other:?}"),
    }
}

/// The text of the error of a method that raises an exception with this text.
async fn raised(plugin: &Plugin, text: &str) -> String {
    let arguments = serde_json::to_vec(&[text]).unwrap();
    match plugin.execute("fail", arguments).await {
        Err(Error::Panicked { detail, .. }) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_within_errors_is_not_escaped_again() {
    run_test(async |env| {
        let (_seen, _registry, remote) = report(env).await;
        let plugin = InProcess::<Report>::unloaded().provide(Pool::default()).unwrap();
        plugin.load(&()).await.unwrap();
        let local: ReportClient<_> = plugin.client().unwrap();
        let one = format!("the method answered with an error: NoTable(\"{SHOWN}\")");
        let within = "the method answered with an error: NoTable(\"";
        let three = format!("{within}{within}{one}\")\")");
        for (levels, expected) in [(1, &one), (3, &three)] {
            assert_eq!(nested(&remote, levels).await, *expected);
            assert_eq!(nested(&local, levels).await, *expected);
        }
        let error = Error::from(remote.texts(&three).await.unwrap_err());
        assert_eq!(error.to_string(), format!("NoTable(\"{three}\")"));
        assert_eq!(detail(remote.plugin(), &three).await, error.to_string());
    });
}

#[test]
fn the_same_holds_for_a_plugin_in_python() {
    run_test(async |env| {
        if !has_python() {
            return;
        }
        let (_registry, plugin) = python_report(env).await;
        let mut text = TEXT.to_owned();
        for _ in 0..3 {
            text = detail(&plugin, &text).await;
        }
        assert_eq!(text, format!("NoTable(\"NoTable(\"NoTable(\"{SHOWN}\")\")\")"));
        let mut text = TEXT.to_owned();
        for _ in 0..3 {
            text = raised(&plugin, &text).await;
        }
        assert_eq!(text, format!("RuntimeError: RuntimeError: RuntimeError: {TEXT}"));
    });
}
