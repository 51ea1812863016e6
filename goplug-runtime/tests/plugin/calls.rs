//! Calls: every row of the protocol's table of statuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use bytes::Bytes;
use goplug_runtime::plugin::{PluginServer, ServerBuilder};
use tokio::sync::Notify;

use crate::client::{Client, folder, request, run};

/// The plugin `Test.Do`, which echoes.
pub(crate) fn plugin(folder: &std::path::Path) -> ServerBuilder {
    PluginServer::builder("Do")
        .namespace("Test")
        .location(folder)
        .method("main.Echo", |input: Bytes| async move { Ok::<_, anyhow::Error>(input) })
}

async fn serving(builder: ServerBuilder, sock: &std::path::Path) -> (PluginServer, Client) {
    let server = builder.build().unwrap();
    server.start().await.unwrap();
    let mut client = Client::connect(sock).await;
    assert_eq!(client.post("Activate", "").await.status(), 200);
    (server, client)
}

#[test]
fn a_raw_method_takes_and_returns_bytes() {
    run(async {
        let (folder, sock) = folder();
        let (_server, mut client) = serving(plugin(folder.path()), &sock).await;

        let response = client.post("main.Echo", "hello").await;

        assert_eq!(response.status_line, "HTTP/1.1 200 OK");
        assert_eq!(response.header("content-type"), Some("application/octet-stream"));
        assert_eq!(response.text(), "hello");
    });
}

#[test]
fn an_error_of_a_method_is_sent_with_its_causes() {
    run(async {
        let (folder, sock) = folder();
        let builder = plugin(folder.path()).method("main.Fail", |_| async {
            Err::<Bytes, _>(anyhow::anyhow!("disk full")).context("saving")
        });
        let (_server, mut client) = serving(builder, &sock).await;

        let response = client.post("main.Fail", "").await;

        assert_eq!(response.status(), 422);
        assert_eq!(response.problem(), ("method".into(), "saving: disk full".into()));
        assert!(response.text().contains(r#""error":{"message":"saving","chain":["disk full"]}"#));
    });
}

#[test]
fn an_unknown_method_is_refused_and_the_connection_stays_open() {
    run(async {
        let (folder, sock) = folder();
        let (_server, mut client) = serving(plugin(folder.path()), &sock).await;

        let response = client.post("main.Such", "x").await;

        assert_eq!(response.status_line, "HTTP/1.1 400 Bad Request");
        let expected = "the plugin has no method \"main.Such\"";
        assert_eq!(response.problem(), ("unknown-method".into(), expected.into()));
        assert_eq!(client.post("main.Echo", "y").await.text(), "y");
    });
}

#[test]
fn a_panic_is_answered_and_the_plugin_goes_on() {
    run(async {
        let (folder, sock) = folder();
        let builder = plugin(folder.path())
            .method("main.Panic", |input: Bytes| async move {
                assert!(input.is_empty(), "no {}", input.len());
                Ok::<_, anyhow::Error>("")
            })
            .method("main.Early", |_| {
                if true {
                    panic!("before the first await");
                }
                async { Ok::<_, anyhow::Error>("") }
            });
        let (_server, mut client) = serving(builder, &sock).await;

        for (method, text) in [("main.Panic", "no 1"), ("main.Early", "before the first await")] {
            let response = client.post(method, "x").await;
            assert_eq!(response.status(), 500);
            assert_eq!(response.problem(), ("handler-panicked".into(), text.into()));
        }
        assert_eq!(client.post("main.Echo", "y").await.text(), "y");
    });
}

#[test]
fn a_call_before_the_activation_is_refused() {
    run(async {
        let (folder, sock) = folder();
        let server = plugin(folder.path()).build().unwrap();
        server.start().await.unwrap();
        let mut client = Client::connect(&sock).await;

        let response = client.post("main.Echo", "x").await;

        assert_eq!(response.status(), 503);
        assert_eq!(response.problem().0, "not-active");
        assert_eq!(client.post("Ping", "Test Data").await.text(), "Test Data");
    });
}

#[test]
fn a_handler_is_dropped_when_the_budget_is_spent() {
    run(async {
        let (folder, sock) = folder();
        let dropped = Arc::new(Notify::new());
        let builder = plugin(folder.path()).method("main.Hang", {
            let dropped = dropped.clone();
            move |_| hang(NotifyOnDrop(dropped.clone()))
        });
        let (_server, mut client) = serving(builder, &sock).await;

        let response = client.call("main.Hang", &[("Goplug-Timeout", "20")], "").await;

        assert_eq!(response.status(), 408);
        let expected = "the caller's budget of 20ms is spent";
        assert_eq!(response.problem(), ("deadline-exceeded".into(), expected.into()));
        dropped.notified().await;
    });
}

#[test]
fn a_handler_that_panics_when_it_is_dropped_is_answered_like_any_other() {
    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    run(async {
        let (folder, sock) = folder();
        let builder = plugin(folder.path()).method("main.Hang", |_| async {
            let _grenade = Grenade;
            std::future::pending::<()>().await;
            Ok::<_, anyhow::Error>(Bytes::new())
        });
        let (_server, mut client) = serving(builder, &sock).await;

        let response = client.call("main.Hang", &[("Goplug-Timeout", "20")], "").await;

        assert_eq!(response.status(), 408);
        assert_eq!(client.post("main.Echo", "hello").await.text(), "hello");
    });
}

#[test]
fn a_budget_that_is_not_a_number_is_refused() {
    run(async {
        let (folder, sock) = folder();
        let (_server, mut client) = serving(plugin(folder.path()), &sock).await;

        let response = client.call("main.Echo", &[("Goplug-Timeout", "soon")], "").await;

        let expected = "Goplug-Timeout is \"soon\", which is not a whole number of milliseconds";
        assert_eq!(response.problem(), ("bad-request".into(), expected.into()));
    });
}

#[test]
fn a_handler_is_dropped_when_its_caller_goes_away() {
    closed_after(&request("main.Hang", &[], "x"));
}

#[test]
fn a_handler_is_dropped_even_if_its_caller_has_sent_another_request() {
    closed_after(&(request("main.Hang", &[], "x") + &request("Ping", &[], "")));
}

/// Sends requests, the first of which is for `main.Hang`, and closes the connection once its handler
/// has started. Waits until the handler is dropped.
fn closed_after(requests: &str) {
    run(async {
        let (folder, sock) = folder();
        let (started, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let builder = plugin(folder.path()).method("main.Hang", {
            let (started, dropped) = (started.clone(), dropped.clone());
            move |_| {
                started.notify_one();
                hang(NotifyOnDrop(dropped.clone()))
            }
        });
        let (_server, mut client) = serving(builder, &sock).await;
        client.send(requests).await;
        started.notified().await;
        drop(client);
        dropped.notified().await;
    });
}

/// A plugin whose `main.Hold` answers after `go`, and the number of calls of its `main.Count`.
fn holding(builder: ServerBuilder, go: &Arc<Notify>) -> (ServerBuilder, Arc<AtomicUsize>) {
    let (go, counted) = (go.clone(), Arc::new(AtomicUsize::new(0)));
    let counter = counted.clone();
    let builder = builder
        .method("main.Hold", move |input: Bytes| {
            let go = go.clone();
            async move {
                go.notified().await;
                Ok::<_, anyhow::Error>(input)
            }
        })
        .method("main.Count", move |_: Bytes| {
            let count = counter.fetch_add(1, Ordering::Relaxed) + 1;
            async move { Ok::<_, anyhow::Error>(Bytes::from(count.to_string())) }
        });
    (builder, counted)
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    run(async {
        let (folder, sock) = folder();
        let go = Arc::new(Notify::new());
        let (builder, _counted) = holding(plugin(folder.path()), &go);
        let (_server, mut client) = serving(builder, &sock).await;

        let count = request("main.Count", &[], "");
        client.send([&*count, &request("main.Hold", &[], "held"), &count].concat()).await;
        // Responses before a slow call are not held back.
        assert_eq!(client.response().await.unwrap().text(), "1");
        go.notify_one();
        assert_eq!(client.response().await.unwrap().text(), "held");
        assert_eq!(client.response().await.unwrap().text(), "2");
    });
}

#[test]
fn requests_after_a_slow_call_are_given_back_to_a_host_that_asks_for_it() {
    run(async {
        let (folder, sock) = folder();
        let go = Arc::new(Notify::new());
        let (builder, counted) = holding(plugin(folder.path()), &go);
        let (_server, mut client) = serving(builder, &sock).await;

        let hold = request("main.Hold", &[("Goplug-Pipeline", "1")], "held");
        client.send(hold + &request("main.Count", &[], "")).await;
        assert_eq!(client.head().await.unwrap().status(), 102);
        go.notify_one();
        assert_eq!(client.response().await.unwrap().text(), "held");
        assert_eq!(client.end().await, b"");
        assert_eq!(counted.load(Ordering::Relaxed), 0);
    });
}

/// Notifies when it is dropped.
pub(crate) struct NotifyOnDrop(pub(crate) Arc<Notify>);

impl Drop for NotifyOnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

pub(crate) async fn hang(_guard: NotifyOnDrop) -> anyhow::Result<Bytes> {
    std::future::pending().await
}
