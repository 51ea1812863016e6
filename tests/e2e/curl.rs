//! Any HTTP client can call a plugin.

use std::process::Command;

use crate::http::Connection;
use crate::test_env::run_test;

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
fn curl_calls_a_method_where_it_is_installed() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--unix-socket"]).arg(socket);
        curl.args(["-d", r#"{"a":2,"b":3}"#, "http://goplug/add"]);
        let done = tokio::task::spawn_blocking(move || curl.output()).await.unwrap();
        match done {
            Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "5"),
            // The test above makes the same call without curl.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        }
    });
}
