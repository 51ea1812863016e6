//! Plugins that are scripts of Python, which read the socket that they inherit by its number.

use goplug::Error;
use goplug_tests::fixtures::calculator::Calculator;
use goplug_tests::system::{exited, make_executable};
use serde_json::json;

use crate::test_env::{pconf, run_test, soon, until};

#[test]
fn a_process_that_exits_before_its_callbacks_are_registered_is_a_start_error() {
    run_test(async |env| {
        make_executable(&env.put("brief", EXITING)).unwrap();
        env.put_pconf(
            "Brief.pconf",
            &json!({"Name": "Brief", "Protocol": 2, "LazyLoad": true, "Exec": ["brief"]}),
        );
        let registry = env.watching().await;
        let brief = registry.get("Brief", "").unwrap();
        let _ticks = brief.register_callback("tick", |_| async {}).await.unwrap();
        let error = soon("the load", registry.load("Brief", "")).await.unwrap_err();
        assert!(matches!(&error, Error::Start { .. }), "{error:?}");
        assert!(error.to_string().contains(&exited(7)), "{error}");
    });
}

/// A plugin that exits right after its activation.
const EXITING: &str = r#"#!/usr/bin/env python3
import socket, sys
listener = socket.socket(fileno=3)
connection, _ = listener.accept()
connection.recv(65536)
body = b'{"name":"Brief","namespace":"","protocol":2,"methods":[],"callbacks":[]}'
head = b"HTTP/1.1 200 OK\r\ngoplug-protocol: 2\r\ncontent-length: %d\r\n\r\n" % len(body)
connection.sendall(head + body)
sys.exit(7)
"#;

#[test]
fn a_new_process_without_a_clients_methods_leaves_the_old_in_service() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let before = calculator.process().await.unwrap();
        make_executable(&env.put("lesser", LESSER)).unwrap();
        env.put_pconf("math.Calculator.pconf", &pconf::<Calculator>("lesser"));

        let error = registry.reload("Calculator", "math").await.unwrap_err();

        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert!(differences.iter().any(|line| line.contains("add")), "{differences:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        until("the new process is gone", || env.processes() == [before]).await;
    });
}

/// A plugin of the calculator's name that has no methods.
const LESSER: &str = r#"#!/usr/bin/env python3
import os, socket
listener = socket.socket(fileno=3)
body = b'{"name":"Calculator","namespace":"math","protocol":2,"methods":[],"callbacks":[]}'
head = b"HTTP/1.1 200 OK\r\ngoplug-protocol: 2\r\ncontent-length: %d\r\n\r\n" % len(body)
while True:
    connection, _ = listener.accept()
    while connection.recv(65536):
        connection.sendall(head + body)
"#;
