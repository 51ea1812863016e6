//! Mistakes of peers: each gets a clear answer, and no other connection notices.

use std::time::Duration;

use bytes::Bytes;
use goplug_runtime::plugin::{PluginServer, ServerBuilder};

use crate::client::{Client, folder, request, run};

fn plugin(folder: &std::path::Path) -> ServerBuilder {
    PluginServer::builder("Do")
        .namespace("Test")
        .location(folder)
        .method("main.Echo", |input: Bytes| async move { Ok::<_, anyhow::Error>(input) })
}

async fn started(builder: ServerBuilder) -> PluginServer {
    let server = builder.build().unwrap();
    server.start().await.unwrap();
    let mut client = Client::connect(server.socket().unwrap()).await;
    assert_eq!(client.post("Activate", "").await.status(), 200);
    server
}

#[test]
fn garbage_ends_only_its_own_connection() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path())).await;
        let mut other = Client::connect(&sock).await;

        for garbage in [&b"\0\xff\x16\x03\x01 garbage\r\n\r\n"[..], b"GET\r\n\r\n", b"\n\n{}\n\n"] {
            let mut client = Client::connect(&sock).await;
            client.send(garbage).await;
            let answer = client.end().await;
            assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{answer:?}");
            assert_eq!(other.post("main.Echo", "y").await.text(), "y");
        }
    });
}

#[test]
fn a_get_request_is_refused() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path())).await;
        let mut client = Client::connect(&sock).await;

        client.send("GET /main.Echo HTTP/1.1\r\nHost: x\r\n\r\n").await;

        let response = client.response().await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.problem(), ("bad-request".into(), "GET is not POST".into()));
    });
}

#[test]
fn a_path_without_a_method_is_refused() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path())).await;
        let mut client = Client::connect(&sock).await;

        for path in ["", "/b", "%zz"] {
            let response = client.post(path, "").await;
            assert_eq!(response.problem().1, format!("the path \"/{path}\" names no method"));
        }
        assert_eq!(client.post("main%2EEcho/extra?x=1", "y").await.text(), "y");
    });
}

#[test]
fn a_body_over_the_limit_is_refused_with_or_without_a_length() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path()).body_limit(8)).await;

        let mut announced = Client::connect(&sock).await;
        announced.send("POST /main.Echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n").await;
        let mut chunked = Client::connect(&sock).await;
        let head = "POST /main.Echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        chunked.send(format!("{head}5\r\n12345\r\n5\r\n")).await;
        chunked.send("12345\r\n").await;

        for mut client in [announced, chunked] {
            let response = client.response().await.unwrap();
            assert_eq!(response.status(), 413);
            let expected = "the body is larger than 8 bytes";
            assert_eq!(response.problem(), ("body-too-large".into(), expected.into()));
        }
        let mut client = Client::connect(&sock).await;
        assert_eq!(client.post("main.Echo", "12345678").await.text(), "12345678");
    });
}

#[test]
fn a_head_that_stops_arriving_ends_its_connection() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path()).peer_idle(Duration::from_millis(30))).await;
        let mut client = Client::connect(&sock).await;
        assert_eq!(client.post("Ping", "x").await.text(), "x");

        client.send("POST /main.Echo HT").await;

        client.end().await;
        assert_eq!(Client::connect(&sock).await.post("Ping", "x").await.text(), "x");
    });
}

#[test]
fn a_body_that_stops_arriving_is_answered() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path()).peer_idle(Duration::from_millis(30))).await;
        let mut client = Client::connect(&sock).await;

        client.send("POST /main.Echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf").await;

        let response = client.response().await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.problem().1, "nothing of the body has arrived for 30ms");
    });
}

#[test]
fn an_idle_connection_stays_open() {
    run(async {
        let (folder, sock) = folder();
        let idle = Duration::from_millis(20);
        let _server = started(plugin(folder.path()).peer_idle(idle)).await;
        let mut waiting = Client::connect(&sock).await;
        assert_eq!(waiting.post("main.Echo", "1").await.text(), "1");

        // Meanwhile, three other connections run into the same limit.
        for _ in 0..3 {
            let mut late = Client::connect(&sock).await;
            late.send("POST").await;
            late.end().await;
        }

        assert_eq!(waiting.post("main.Echo", "2").await.text(), "2");
    });
}

#[test]
fn a_request_that_arrives_byte_by_byte_is_answered() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path())).await;
        let mut client = Client::connect(&sock).await;

        for byte in request("main.Echo", &[], "piecemeal").as_bytes() {
            client.send([*byte]).await;
            tokio::task::yield_now().await;
        }

        assert_eq!(client.response().await.unwrap().text(), "piecemeal");
    });
}

#[test]
fn names_and_settings_are_checked_before_anything_listens() {
    let echo = |input: Bytes| async move { Ok::<_, anyhow::Error>(input) };
    let fault = |builder: ServerBuilder| builder.build().unwrap_err().to_string();
    let builder = || PluginServer::builder("Do");

    assert!(fault(PluginServer::builder("a/b")).starts_with("plugin name \"a/b\" may hold only"));
    assert_eq!(
        fault(builder().method("Stop", echo)),
        "method name \"Stop\" is reserved by the protocol"
    );
    assert_eq!(
        fault(builder().method("x", echo).method("y", echo).method("x", echo)),
        "plugin Do: two of its members have the wire name \"x\""
    );
    assert_eq!(
        fault(builder().callback("gap")),
        "callback name \"gap\" is reserved by the protocol"
    );
    assert!(fault(builder().url("unix://a/b")).starts_with("plugin Do: Url: \"unix://a/b\" is"));
    assert!(fault(builder().version("one")).starts_with("plugin Do: Version: \"one\" is not"));
}

#[test]
fn a_server_without_a_location_cannot_start() {
    run(async {
        let server = PluginServer::builder("Do").build().unwrap();
        assert_eq!(
            server.start().await.unwrap_err().to_string(),
            "plugin Do: it needs a location to be started in"
        );
    });
}
