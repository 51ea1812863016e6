//! Requests as HTTP clients other than this project's hosts write them.

use bytes::Bytes;
use goplug_runtime::plugin::PluginServer;
use tempfile::TempDir;

use crate::client::{Client, folder, request, run};

/// An echo plugin, and a connection to it.
async fn echo() -> (Client, PluginServer, TempDir) {
    let (folder, sock) = folder();
    let server = PluginServer::builder("Do")
        .namespace("Test")
        .location(folder.path())
        .body_limit(64)
        .method("Echo", |input: Bytes| async move { Ok::<_, anyhow::Error>(input) })
        .build()
        .unwrap();
    server.start().await.unwrap();
    let mut client = Client::connect(&sock).await;
    assert_eq!(client.post("Activate", "").await.status(), 200);
    (client, server, folder)
}

fn head(fields: &str) -> String {
    format!("POST /Echo HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n")
}

const CHUNKS: &str = "5\r\nhello\r\n007;kind=x\r\n, world\r\n0\r\nTrailer: t\r\n\r\n";

#[test]
fn a_chunked_body_is_read_in_pieces_of_any_size() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        let text = head("Transfer-Encoding: chunked") + CHUNKS;
        for size in [1, 7, text.len()] {
            for piece in text.as_bytes().chunks(size) {
                client.send(piece).await;
                tokio::task::yield_now().await;
            }
            assert_eq!(client.response().await.unwrap().text(), "hello, world");
        }
        client.send(text.repeat(2) + &request("Echo", &[], "behind")).await;
        for expected in ["hello, world", "hello, world", "behind"] {
            assert_eq!(client.response().await.unwrap().text(), expected);
        }
    });
}

#[test]
fn an_invalid_chunk_is_refused() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        client.send(head("Transfer-Encoding: chunked") + "five\r\nhello\r\n").await;
        let response = client.response().await.unwrap();
        assert_eq!(response.status(), 400);
        let expected = "the body broke off: a chunk has no size";
        assert_eq!(response.problem(), ("bad-request".into(), expected.into()));
        assert!(client.end().await.is_empty());
    });
}

#[test]
fn a_peer_that_expects_continue_gets_an_interim_response() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        for (fields, body) in
            [("Content-Length: 5", "hello"), ("Transfer-Encoding: chunked", CHUNKS)]
        {
            client.send(head(&format!("Expect: 100-continue\r\n{fields}"))).await;
            let interim = client.head().await.unwrap();
            assert_eq!(interim.status_line, "HTTP/1.1 100 Continue");
            client.send(body).await;
            assert!(client.response().await.unwrap().text().starts_with("hello"));
        }
        // There is no interim response if the body is here already, or is too large.
        client.send(head("Expect: 100-continue\r\nContent-Length: 5") + "hello").await;
        assert_eq!(client.response().await.unwrap().text(), "hello");
        client.send(head("Expect: 100-continue\r\nContent-Length: 65")).await;
        assert_eq!(client.response().await.unwrap().status(), 413);
    });
}

#[test]
fn a_connection_ends_after_a_request_that_says_close() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        client.send(head("Connection: close\r\nContent-Length: 5") + "hello").await;
        let response = client.response().await.unwrap();
        assert_eq!((response.text(), response.header("connection")), ("hello", Some("close")));
        assert!(client.end().await.is_empty());
    });
}

#[test]
fn a_peer_still_writing_too_large_a_body_reads_the_refusal() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        client.send(head("Content-Length: 120")).await;
        for _ in 0..12 {
            client.send("ten bytes.").await;
        }
        let response = client.response().await.unwrap();
        assert_eq!(response.problem().0, "body-too-large");
        assert_eq!(response.header("connection"), None);
        assert_eq!(client.post("Echo", "still here").await.text(), "still here");
        client.send(head("Content-Length: 120\r\nConnection: close")).await;
        client.send(vec![b'x'; 120]).await;
        let response = client.response().await.unwrap();
        assert_eq!((response.status(), response.header("connection")), (413, Some("close")));
        assert!(client.end().await.is_empty());
    });
}

#[test]
fn a_peer_still_writing_too_long_a_head_reads_the_refusal() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        client.send("POST /Echo HTTP/1.1\r\nHost: x\r\nLong: ").await;
        client.send(vec![b'x'; 80 << 10]).await;
        let head = client.head().await.unwrap();
        assert_eq!(head.status_line, "HTTP/1.1 431 Request Header Fields Too Large");
    });
}

#[test]
fn other_verbs_are_refused_and_the_connection_stays_open() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        for verb in ["GET", "PUT", "BREW"] {
            client.send(head("Content-Length: 5").replace("POST", verb) + "hello").await;
            let problem = client.response().await.unwrap().problem();
            assert_eq!(problem, ("bad-request".into(), format!("{verb} is not POST")));
        }
        assert_eq!(client.post("Echo", "still here").await.text(), "still here");
    });
}

#[cfg(feature = "schema")]
#[test]
fn the_openapi_document_is_read_by_get_before_the_activation_too() {
    run(async {
        let (folder, sock) = folder();
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(folder.path())
            .method("Echo", |input: Bytes| async move { Ok::<_, anyhow::Error>(input) })
            .build()
            .unwrap();
        server.start().await.unwrap();
        let mut client = Client::connect(&sock).await;
        for path in ["/openapi.json", "/openapi.json?x"] {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            let response = client.response().await.unwrap();
            assert_eq!(response.status(), 200);
            let document: serde_json::Value = serde_json::from_str(response.text()).unwrap();
            assert_eq!(document["info"]["title"], "Test.Do");
            assert!(document["paths"]["/Echo"]["post"].is_object());
        }
        let missing = client.post("openapi.json", "").await;
        assert_eq!(missing.problem().0, "unknown-method");
        assert_eq!(client.post("Activate", "").await.status(), 200);
    });
}

#[test]
fn unusual_requests_are_answered_by_hyper_or_refused_without_it() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        let old = "POST /Echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello";
        client.send(old.repeat(2)).await;
        let response = client.response().await.unwrap();
        if cfg!(feature = "hyper") {
            assert_eq!((response.status(), response.text()), (200, "hello"));
        } else {
            assert_eq!(response.problem().0, "bad-request");
        }
        // Whatever comes behind it would be read by other rules.
        assert!(client.end().await.is_empty());

        let (mut client, _server, _folder) = echo().await;
        client.send(head("Content-Length: 5").replace("POST", "HEAD") + "hello").await;
        assert_eq!(client.head().await.unwrap().status(), 400);
    });
}

#[test]
fn a_url_as_target_calls_the_method_of_its_path() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        for target in ["http://x/Echo", "HTTP://X/Echo/more?a=b"] {
            client.send(head("Content-Length: 5").replace("/Echo", target) + "hello").await;
            assert_eq!(client.response().await.unwrap().text(), "hello", "{target}");
        }
    });
}

#[test]
fn empty_lines_between_requests_are_skipped() {
    run(async {
        let (mut client, _server, _folder) = echo().await;
        for lines in ["\r\n", "\r\n\r\n\r\n"] {
            let text = request("Echo", &[], "hello");
            client.send(format!("{lines}{text}{lines}")).await;
            assert_eq!(client.response().await.unwrap().text(), "hello");
        }
        // Byte by byte, too.
        client.send("\r").await;
        tokio::task::yield_now().await;
        client.send("\n").await;
        assert_eq!(client.post("Echo", "behind").await.text(), "behind");
    });
}
