//! Strangers: whatever they send, they get nowhere, and hold up nobody.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::certificates::Root;
use crate::client::{Client, whole};
use crate::program::{CALCULATOR, Serving, run_test};

const SUM: &str = r#"{"a":2,"b":3}"#;

/// What a stranger asks for: each would tell something, or do something.
const REQUESTS: [(&str, &str, &str); 9] = [
    ("GET", "/", ""),
    ("GET", "/openapi.json", ""),
    ("POST", "/add", SUM),
    ("POST", "/exit", r#"{"code":0}"#),
    ("POST", "/Activate", ""),
    ("POST", "/Stop", ""),
    ("POST", "/Ping", "abc"),
    ("POST", "/RegisterCallback", r#"["tick"]"#),
    ("POST", "/CallbackReply/1", "1"),
];

/// How a stranger says who it is.
const CLAIMS: [&str; 4] = [
    "x-none: 0",
    "authorization: Bearer a-token-of-this-tesu",
    "authorization: Basic YS10b2tlbi1vZi10aGlzLXRlc3Q=",
    "x-forwarded-client-cert: Subject=\"CN=host\"",
];

/// The text that comes back for these bytes, up to the end of the connection.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    // The plugin may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Checks that a stranger with this configuration gets nowhere; returns the number of attempts.
async fn attempts(serving: &Serving, config: &Arc<ClientConfig>) -> usize {
    let mut count = 0;
    for (method, path, body) in REQUESTS {
        for claim in CLAIMS {
            count += 1;
            let Ok(mut client) = Client::secure(serving.address, Arc::clone(config)).await else {
                continue;
            };
            let headers = ["goplug-protocol: 2", "goplug-host: h", claim];
            // With a wrong certificate, the connection ends here.
            let Ok(response) = client.send(method, path, &headers, whole(body)).await else {
                continue;
            };
            assert_eq!(response.status(), 401, "{method} {path} {claim}");
            let reply = crate::client::Reply::of(response).await;
            assert!(!reply.headers.contains_key("goplug-instance"), "{reply:?}");
            assert!(!reply.body.contains("Calculator") && !reply.body.contains('5'), "{reply:?}");
        }
    }
    count
}

#[test]
fn a_stranger_gets_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (root, others) = (Root::new(folder.path(), "root"), Root::new(folder.path(), "others"));
    let (server, host) = (root.sign("server"), root.sign("host"));
    let (stranger, expired) = (others.sign("stranger"), root.sign_until("expired", 2001));
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "a-token-of-this-test").unwrap();
    let roots = root.file();
    let security =
        ["--client-ca", roots.to_str().unwrap(), "--token-file", tokens.to_str().unwrap()];
    let serving = Serving::start(CALCULATOR, &[&server.arguments()[..], &security].concat());
    run_test(async || {
        let mut count = 0;
        for (certified, protocol) in [
            (None, "http/1.1"),
            (None, "h2"),
            (Some(&stranger), "h2"),
            (Some(&expired), "http/1.1"),
            (Some(&host), "h2"),
        ] {
            count += attempts(&serving, &root.client(certified, protocol)).await;
        }
        // Without TLS.
        for (method, path, body) in REQUESTS {
            let length = body.len();
            let request =
                format!("{method} {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
            let answer = exchange(serving.address, request.as_bytes()).await;
            assert!(!answer.contains("HTTP") && !answer.contains("Calculator"), "{answer}");
            count += 1;
        }
        assert!(count >= 60, "{count}");
        let mut client =
            Client::secure(serving.address, root.client(Some(&host), "h2")).await.unwrap();
        let right = "authorization: Bearer a-token-of-this-test";
        assert_eq!(client.post("/add", &[right], SUM).await.body, "5");
    });
}

#[test]
fn connections_that_send_nothing_or_slowly_make_way_for_callers() {
    const MANY: usize = 2000;
    let serving = Serving::start(CALCULATOR, &[]);
    run_test(async || {
        let mut idle = Vec::new();
        let mut caller = Client::plain(serving.address, "http/1.1").await;
        assert_eq!(caller.post("/add", &[], SUM).await.body, "5");
        for number in 0..MANY {
            let mut stream = TcpStream::connect(serving.address).await.unwrap();
            if number % 2 == 0 {
                // The beginning of a head, or of the preface of HTTP/2.
                let begun: &[u8] =
                    if number % 4 == 0 { b"POST /add HT" } else { b"PRI * HTTP/2.0" };
                let _ = stream.write_all(begun).await;
            }
            idle.push(stream);
            if number % 500 == 499 {
                // A caller that was let in keeps its connection, and a new one is accepted.
                assert_eq!(caller.post("/add", &[], SUM).await.body, "5");
                let mut new = Client::plain(serving.address, "h2").await;
                assert_eq!(new.post("/add", &[], SUM).await.body, "5");
            }
        }
        // All but as many as a plugin serves have been ended.
        let mut ended = 0;
        for mut stream in idle.drain(..MANY - 512) {
            let mut byte = [0];
            let read = stream.read(&mut byte).await;
            assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
            ended += 1;
        }
        assert_eq!(ended, MANY - 512);
    });
}

#[test]
fn what_is_no_request_ends_its_own_connection_alone() {
    let serving = Serving::start(CALCULATOR, &[]);
    run_test(async || {
        let mut caller = Client::plain(serving.address, "http/1.1").await;
        let long = format!("POST /add HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
        for (bytes, answer) in [
            (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..], ""),
            (b"nonsense\r\n\r\n", "HTTP/1.1 400"),
            (long.as_bytes(), "HTTP/1.1 431"),
            (b"POST /add HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 413"),
            (b"POST /add HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"),
        ] {
            let mut stream = TcpStream::connect(serving.address).await.unwrap();
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let mut found = Vec::new();
            let _ = stream.read_to_end(&mut found).await;
            let found = String::from_utf8_lossy(&found);
            assert!(found.starts_with(answer), "{answer}: {found}");
            assert_eq!(caller.post("/add", &[], SUM).await.body, "5");
        }
        // A body that is cut off begins no method.
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        stream
            .write_all(b"POST /add HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"a\":2,")
            .await
            .unwrap();
        stream.shutdown().await.unwrap();
        let mut found = String::new();
        let _ = stream.read_to_string(&mut found).await;
        assert!(!found.starts_with("HTTP/1.1 200"), "{found}");
        assert_eq!(caller.post("/add", &[], SUM).await.body, "5");
    });
}
