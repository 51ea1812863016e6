//! What may go wrong between a host and a plugin: one typed error each, which names the cause.

use std::time::Duration;

use goplug::{CallError, Error, RemoteError};

use super::gateway::Own;
use super::{BOTH, ONE, Served, client, host};
use crate::test_env::{run_test, soon};

const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

/// What a proxy answers in the plugin's place; the kind of the error, its text, and whether the call may
/// have executed.
type Case = (Own, fn(&Error) -> bool, &'static str, bool);

fn cases() -> Vec<Case> {
    let html = |status| Own::Whole(status, HTML.to_vec(), "<html><body>Oops</body></html>");
    let plain = |status| Own::Whole(status, Vec::new(), "no");
    let to = ("location", "https://me:hunter2@other.example/add?key=hunter2");
    let connect = |error: &Error| matches!(error, Error::Connect { .. });
    let protocol = |error: &Error| matches!(error, Error::Protocol(_));
    let io = |error: &Error| matches!(error, Error::Io { .. });
    vec![
        (Own::Whole(301, vec![to], ""), connect, "redirects to other.example/add", false),
        (Own::Whole(307, vec![to], ""), connect, "no redirect is followed", false),
        (Own::Whole(304, Vec::new(), ""), connect, "no redirect is followed", false),
        (html(200), protocol, "a page of HTML (200 OK)", true),
        (html(404), protocol, "a page of HTML (404 Not Found)", true),
        (html(500), protocol, "a page of HTML (500", true),
        (html(502), io, "a proxy on the way answered in the plugin's place (502", true),
        (plain(503), io, "a proxy on the way answered in the plugin's place (503", true),
        (plain(504), io, "does not say whether the call was made", true),
        (plain(403), connect, "refuses this host (403 Forbidden)", false),
        (plain(429), connect, "takes no more requests at the moment", false),
        (Own::CutOff, io, "the answer was cut off", true),
    ]
}

#[test]
fn what_a_proxy_answers_in_the_plugins_place_is_a_typed_error_that_names_it() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            for (own, is_kind, expected, may_have_executed) in cases() {
                served.gateway.answer("parse", own.clone());
                let before = served.gateway.seen("/parse").len();
                let error = calculator.parse("7").await.unwrap_err();
                let CallError::Goplug(error) = error else { panic!("{own:?}: {error:?}") };
                let text = format!("{error}");
                assert!(is_kind(&error) && text.contains(expected), "{own:?}: {error:?}");
                assert_eq!(error.may_have_executed(), may_have_executed, "{error:?}");
                assert!(!format!("{text} {error:?}").contains("hunter2"), "{error:?}");
                // A call that may have executed, and is not idempotent, is made once.
                assert_eq!(served.gateway.seen("/parse").len(), before + 1, "{own:?}");
            }
            served.gateway.answer("nothing", Own::Silence);
            assert_eq!(calculator.parse("7").await.unwrap(), 7);
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn a_call_in_doubt_is_made_once_more_if_it_is_idempotent() {
    run_test(async |env| {
        let (served, remote) = Served::with_tls(env, BOTH).await;
        let (registry, calculator) = client(host(env, remote)).await;
        served.gateway.answer("add", Own::Whole(502, Vec::new(), ""));
        calculator.add(2, 3).await.unwrap_err();
        assert_eq!(served.gateway.seen("/add").len(), 2);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_problem_of_the_plugin_is_its_own_whatever_its_status() {
    run_test(async |env| {
        let (served, remote) = Served::with_tls(env, BOTH).await;
        let (registry, calculator) = client(host(env, remote)).await;
        let stopping = r#"{"type":"urn:goplug:error:stopping","detail":"it drains"}"#;
        let head = vec![("content-type", "application/problem+json")];
        served.gateway.answer("parse", Own::Whole(503, head, stopping));
        let error = calculator.parse("7").await.unwrap_err();
        let CallError::<RemoteError>::Goplug(error) = error else { panic!("{error:?}") };
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert!(!error.may_have_executed());
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_answer_that_does_not_come_ends_at_the_deadline() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            served.gateway.answer("parse", Own::Silence);
            let hurried = calculator.clone().with_timeout(Duration::from_millis(50));
            let error = soon("the error", hurried.parse("7")).await.unwrap_err();
            assert!(matches!(error, CallError::Goplug(Error::Deadline { .. })), "{error:?}");
            assert!(error.may_have_executed());
            assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
            registry.stop().await.unwrap();
        }
    });
}
