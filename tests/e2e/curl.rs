//! Any HTTP client can call a plugin, `curl` among them. Its tests check nothing where it is not
//! installed, or cannot reach a plugin.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use goplug::Plugin;
use goplug_tests::system;

use crate::http::Connection;
use crate::test_env::run_test;

/// What `curl` has printed.
pub(crate) struct Printed {
    pub(crate) text: String,
    /// Whether `curl` has received all of it.
    pub(crate) is_whole: bool,
}

/// Calls a method by `curl` with these options; `None` where `curl` is not installed, or cannot reach a
/// plugin.
pub(crate) async fn call(plugin: &Plugin, method: &str, options: &[&str]) -> Option<Printed> {
    call_with_input(Stdio::null(), plugin, method, options).await
}

/// As [`call`], with this standard input.
pub(crate) async fn call_with_input(
    input: Stdio,
    plugin: &Plugin,
    method: &str,
    options: &[&str],
) -> Option<Printed> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error"]).args(system::curl_options(&plugin.socket().unwrap())?);
    curl.args(options).arg(format!("http://goplug/{method}")).stdin(input);
    match tokio::task::spawn_blocking(move || curl.output()).await.unwrap() {
        Ok(output) => Some(Printed {
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
            is_whole: output.status.success(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("curl is not installed: what it prints is not checked");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_posted_body_is_answered_with_the_bare_result() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let mut client = Connection::open(&calculator.plugin().socket().unwrap()).await;
        let answer = client.post("/add", r#"{"a":2,"b":3}"#).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "5"));
    });
}

#[test]
fn curl_calls_a_method() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let printed = call(calculator.plugin(), "add", &["-d", r#"{"a":2,"b":3}"#]).await;
        let Some(Printed { text, is_whole }) = printed else { return };
        assert_eq!((text.as_str(), is_whole), ("5", true));
    });
}
