//! Busy polling: the plugin is asked for it unless the host switches it off, and results are the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use goplug::{Policy, limits};
use goplug_runtime::transport::{Listener, Stream};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::http::{Connection, read_request, request, request_with};
use crate::test_env::{TestEnv, run_test};

type Heads = Arc<Mutex<Vec<String>>>;

/// Answers every request as an activation, and keeps the heads of calls.
async fn serve_connection(mut stream: Stream, heads: Heads) {
    let mut bytes = Vec::new();
    while let Some((head, _)) = read_request(&mut stream, &mut bytes).await {
        let body = json!({"name": "Foreign", "methods": [{"name": "work"}]}).to_string();
        let length = body.len();
        let response = format!(
            "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        if head.starts_with("POST /work ") {
            heads.lock().unwrap().push(head.to_ascii_lowercase());
        }
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The microseconds of busy polling that a plugin is asked for, on any connection with a call.
async fn asked_for(env: &TestEnv, policy: fn(Policy) -> Policy) -> Vec<String> {
    let socket = env.socket("foreign");
    let listener = Listener::bind(&socket).unwrap();
    let heads = Heads::default();
    let kept = Arc::clone(&heads);
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_connection(stream, Arc::clone(&kept)));
        }
    });
    let keys = json!({"Name": "Foreign", "Protocol": 2, "Sock": socket, "LazyLoad": true});
    env.put_pconf("Foreign.pconf", &keys);
    let registry = env.registry().policy(policy).start().await.unwrap();
    let plugin = registry.load("Foreign", "").await.unwrap();
    for _ in 0..3 {
        plugin.execute("work", "").await.unwrap();
    }
    serving.abort();
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 3);
    let lines = heads.iter().flat_map(|head| head.lines());
    lines.filter_map(|line| line.strip_prefix("goplug-busy-poll: ")).map(str::to_owned).collect()
}

#[test]
fn a_plugin_is_asked_for_it_if_there_are_several_processors_unless_told_otherwise() {
    run_test(async |env| {
        let micros = limits::BUSY_POLL.as_micros().to_string();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let expected: Vec<_> = (processors > 1).then_some(micros).into_iter().collect();
        assert_eq!(asked_for(env, |policy| policy).await, expected);
    });
}

#[test]
fn a_bound_of_zero_turns_it_off() {
    run_test(async |env| {
        let none: [&str; 0] = [];
        assert_eq!(asked_for(env, |policy| policy.busy_poll(Duration::ZERO)).await, none);
    });
}

#[test]
fn busy_polling_does_not_change_results() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().policy(|policy| policy.busy_poll(limits::MAX_BUSY_POLL * 2));
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        for number in 0..300 {
            let (one, other) = tokio::join!(calculator.add(number, 1), calculator.add(number, 2));
            assert_eq!((one.unwrap(), other.unwrap()), (number + 1, number + 2));
            assert_eq!(calculator.add(number, 3).await.unwrap(), number + 3);
        }
    });
}

#[test]
fn a_request_that_fills_the_buffer_while_the_plugin_polls_is_answered() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start().await.unwrap();
        let socket = env.load_calculator(&registry).await.plugin().socket().unwrap();
        let mut client = Connection::open(&socket).await;
        client.send(request_with("/Ping", "Goplug-Busy-Poll: 100\r\n", "")).await;
        assert_eq!(client.response().await.unwrap().status, 200);
        // More than the plugin reads at a time.
        let body = "x".repeat(70_000);
        let request = request("/Ping", &body);
        for _ in 0..20 {
            // The second one is there when the first one has been answered.
            client.send(&request).await;
            client.send(&request).await;
            for _ in 0..2 {
                assert_eq!(client.response().await.unwrap().body, body);
            }
        }
    });
}
