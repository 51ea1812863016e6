//! Plugins that are scripts of Python, which read the socket that they inherit by its number.

use std::time::Duration;

use goplug::{Error, Event, Registry, RegistryBuilder};
use goplug_tests::fixtures::calculator::Calculator;
use goplug_tests::system::{exited, make_executable};
use serde_json::json;

use crate::test_env::{TestEnv, pconf, read_until, run_test, soon, until};

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

#[test]
fn a_plugin_is_told_how_long_its_caller_waits() {
    run_test(async |env| {
        let registry = raw(env, |builder| builder.call_timeout(Duration::from_secs(300))).await;
        let plugin = registry.load("Raw", "").await.unwrap();
        let told = plugin.execute("timeout", "").await.unwrap();
        let told: Option<String> = serde_json::from_slice(&told).unwrap();
        let millis: u64 = told.expect("no Goplug-Timeout").parse().unwrap();
        assert!((1..=300_000).contains(&millis), "{millis}");
    });
}

#[test]
fn a_listener_is_told_of_callbacks_that_are_missed() {
    run_test(async |env| {
        let registry = raw(env, |builder| builder).await;
        let mut events = registry.events();
        let plugin = registry.load("Raw", "").await.unwrap();
        let _ticks = plugin.register_callback("tick", |_| async {}).await.unwrap();
        let missed = |event: &Event| matches!(event, Event::CallbacksMissed { count: 3, .. });
        read_until(&mut events, "what was missed", missed).await;
    });
}

/// A registry with the plugin [`RAW`].
async fn raw(env: &TestEnv, change: fn(RegistryBuilder) -> RegistryBuilder) -> Registry {
    make_executable(&env.put("raw", RAW)).unwrap();
    let keys = json!({"Name": "Raw", "Protocol": 2, "LazyLoad": true, "Exec": ["raw"]});
    env.put_pconf("Raw.pconf", &keys);
    change(env.registry()).start().await.unwrap()
}

/// A plugin that answers a call with the header that says how long its caller waits, and a registration
/// with an event that three callbacks were lost.
const RAW: &str = r#"#!/usr/bin/env python3
import json, socket, threading
ABOUT = {"name": "Raw", "namespace": "", "protocol": 2,
         "methods": [{"name": "timeout"}], "callbacks": [{"name": "tick"}]}
STREAM = b"HTTP/1.1 200 OK\r\ngoplug-protocol: 2\r\ncontent-type: text/event-stream\r\n" \
         b"transfer-encoding: chunked\r\n\r\n"
GAP = b"id: 3\nevent: gap\ndata: 3\n\n"

def serve(connection):
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        head, data = data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(data) < length:
            data += connection.recv(65536)
        data = data[length:]
        path = first.split(" ")[1]
        if path == "/RegisterCallback":
            connection.sendall(STREAM + b"%x\r\n%s\r\n" % (len(GAP), GAP))
            continue
        body = json.dumps(ABOUT if path == "/Activate" else headers.get("goplug-timeout")).encode()
        head = b"HTTP/1.1 200 OK\r\ngoplug-protocol: 2\r\ncontent-length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)

listener = socket.socket(fileno=3)
while True:
    threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
"#;
