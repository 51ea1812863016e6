//! Clients that do not speak the protocol, against a running plugin: they get a clear
//! response or none, and other clients notice nothing.

use goplug_tests::fixtures::calculator::CalculatorClient;

use crate::http::{Connection, request};
use crate::test_env::{run_test, until};

/// Has a client misbehave while the calls of another client go on; then checks that the
/// plugin answers both an old and a new client.
fn while_calls_go_on(misbehave: impl AsyncFnOnce(&mut Connection)) {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let process = calculator.process().await.unwrap();
        let socket = calculator.plugin().socket().unwrap();
        let neighbour = tokio::spawn(keep_calling(calculator.clone()));

        misbehave(&mut Connection::open(&socket).await).await;

        neighbour.abort();
        let ended = neighbour.await.unwrap_err();
        assert!(ended.is_cancelled(), "the neighbour failed: {ended}");
        let mut polite = Connection::open(&socket).await;
        let answer = polite.post("/add", r#"{"a":2,"b":3}"#).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "5"));
        assert_eq!(calculator.process().await.unwrap(), process);
    });
}

async fn keep_calling(calculator: CalculatorClient) {
    let mut number = 0;
    loop {
        assert_eq!(calculator.add(number, 1).await.unwrap(), number + 1);
        number += 1;
    }
}

#[test]
fn garbage_ends_only_its_own_connection() {
    while_calls_go_on(async |client| {
        client.send([0x16, 0x03, 0x01, 0xff, 0x00, b'\r', b'\n', b'\r', b'\n']).await;
        if let Some(answer) = client.response().await {
            assert_eq!(answer.status, 400);
            assert_eq!(client.response().await, None);
        }
    });
}

#[test]
fn an_endless_head_is_answered_with_431_or_cut_off() {
    while_calls_go_on(async |client| {
        client.send("POST /add HTTP/1.1\r\nHost: x\r\nLong: ").await;
        client.send(vec![b'x'; 4 << 20]).await;
        if let Some(answer) = client.response().await {
            assert_eq!(answer.status, 431);
        }
    });
}

#[test]
fn a_request_that_stops_half_way_delays_no_other_client() {
    while_calls_go_on(async |client| {
        client.send("POST /add HTTP/1.1\r\nHo").await;
    });
}

#[test]
fn a_body_that_stops_half_way_delays_no_other_client() {
    while_calls_go_on(async |client| {
        client.send("POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"a\":").await;
    });
}

#[test]
fn a_body_that_comes_byte_by_byte_is_read() {
    while_calls_go_on(async |client| {
        for byte in request("/add", r#"{"a":20,"b":3}"#).bytes() {
            client.send([byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(client.response().await.unwrap().body, "23");
    });
}

#[test]
fn a_length_over_the_limit_is_refused_at_once() {
    while_calls_go_on(async |client| {
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n").await;
        assert_eq!(client.response().await.unwrap().status, 413);
    });
}

#[test]
fn other_verbs_than_post_are_refused() {
    while_calls_go_on(async |client| {
        client.send("GET /add HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let answer = client.response().await.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("GET is not POST"), "{}", answer.body);
    });
}

#[test]
fn a_client_that_never_reads_delays_no_other_client() {
    while_calls_go_on(async |client| {
        let request = request("/zeros", "1000000");
        for _ in 0..50 {
            client.send(&request).await;
        }
    });
}

#[test]
fn many_silent_connections_delay_no_other_client() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        let mut silent = Vec::new();
        for _ in 0..300 {
            silent.push(Connection::open(&socket).await);
        }
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_client_that_closes_the_connection_has_its_handler_dropped() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (begun, dropped) = (env.path("begun"), env.path("dropped"));
        let body = serde_json::json!({"millis": 600_000, "begun": begun, "dropped": dropped});
        let mut client = Connection::open(&calculator.plugin().socket().unwrap()).await;
        client.send(request("/sleep", &body.to_string())).await;
        until("the call has begun", || begun.exists()).await;
        drop(client);
        until("the handler is dropped", || dropped.exists()).await;
    });
}
