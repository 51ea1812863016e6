//! Requests that two readers could read differently: a plugin refuses them, whichever of its two
//! codecs would answer them. Otherwise a request could hide in the body of another one, and pass a
//! proxy that checks requests.

use bytes::Bytes;
use goplug_runtime::plugin::PluginServer;
use tempfile::TempDir;

use crate::client::{Client, folder, request, run};

/// A plugin whose method `Echo` is called by what hides in a body, and the method's calls.
struct Victim {
    server: PluginServer,
    calls: std::sync::Arc<std::sync::Mutex<Vec<Bytes>>>,
    _folder: TempDir,
}

impl Victim {
    async fn start() -> Self {
        let (folder, _) = folder();
        let calls = std::sync::Arc::<std::sync::Mutex<Vec<Bytes>>>::default();
        let seen = calls.clone();
        let echo = move |input: Bytes| {
            seen.lock().unwrap().push(input.clone());
            async move { Ok::<_, anyhow::Error>(input) }
        };
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(folder.path())
            .method("Echo", echo)
            .build()
            .unwrap();
        server.start().await.unwrap();
        let victim = Self { server, calls, _folder: folder };
        assert_eq!(victim.client().await.post("Activate", "").await.status(), 200);
        victim
    }

    async fn client(&self) -> Client {
        Client::connect(self.server.socket().unwrap()).await
    }

    /// Sends these bytes, and checks that they are refused, and that nothing is called.
    async fn refuses(&self, text: &str) {
        let mut client = self.client().await;
        client.send(text).await;
        let response = client.response().await.unwrap_or_else(|| panic!("no answer to {text:?}"));
        assert_eq!(response.status(), 400, "{text:?}");
        let (kind, detail) = response.problem();
        assert_eq!(kind, "bad-request", "{text:?}");
        assert!(detail.len() > "the request is refused: ".len(), "{text:?}: {detail}");
        assert_eq!(response.header("connection"), Some("close"), "{text:?}");
        assert!(client.end().await.is_empty(), "{text:?}");
        assert!(self.calls.lock().unwrap().is_empty(), "{text:?} has called a method");
    }
}

/// A request that hides in a body.
fn hidden() -> String {
    request("Echo", &[], "smuggled")
}

#[test]
fn a_request_whose_end_is_ambiguous_is_refused() {
    run(async {
        let victim = Victim::start().await;
        let (hidden, length) = (hidden(), hidden().len());
        let chunks = format!("0\r\n\r\n{hidden}");
        for version in ["1.1", "1.0"] {
            for fields in [
                "Content-Length: 0\r\nContent-Length: {n}",
                "Content-Length: {n}\r\ncontent-length: {n}",
                "Content-Length: {n}, {n}",
                "Content-Length: +{n}",
                "Content-Length: {n}_0",
                "Content-Length: 0x{n}",
                "Content-Length : {n}",
                "Content-Length\t: {n}",
                "Content-Length:\r\n {n}",
                "Content-Length: 0\r\n {n}",
                "x: y\nContent-Length: {n}",
                "x: y\rContent-Length: {n}",
                "x: \0\r\nContent-Length: {n}",
                "Content-Length: {n}\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: {n}",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: chunked, identity",
                "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: \"chunked\"",
                "Transfer-Encoding : chunked",
                "Transfer-Encoding\r\n: chunked",
                "Transfer-Encoding:\u{b}chunked",
                "Connection: Content-Length\r\nContent-Length: {n}",
            ] {
                let fields = fields.replace("{n}", &length.to_string());
                let head = format!("POST /Echo HTTP/{version}\r\nHost: x\r\n{fields}\r\n\r\n");
                victim.refuses(&format!("{head}{chunks}")).await;
            }
        }
        let head = "POST /Echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        victim.refuses(&format!("{head}{chunks}")).await;
    });
}

#[test]
fn chunks_that_others_would_read_differently_are_refused() {
    run(async {
        let victim = Victim::start().await;
        for chunks in [
            "+5\r\nhello\r\n0\r\n\r\n",
            "-0\r\n\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "5\t;a\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "5_0\r\nhello\r\n0\r\n\r\n",
            "10000000000000005\r\nhello\r\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhello\r\n0\n\n",
            "5\r\nhello\r\n0\r\n\n",
            "5;a\nb\r\nhello\r\n0\r\n\r\n",
            "5;a\rb\r\nhello\r\n0\r\n\r\n",
            "5;\0\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\r\n0\r\nTrailer : x\r\n\r\n",
            "5\r\nhello\r\n0\r\n Trailer: x\r\n\r\n",
            "5\r\nhello\r\n0\r\nPOST /Echo HTTP/1.1\r\n\r\n",
            "\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            let head = "POST /Echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
            victim.refuses(&format!("{head}{chunks}{}", hidden())).await;
        }
    });
}

#[test]
fn a_request_without_one_valid_host_is_refused() {
    run(async {
        let victim = Victim::start().await;
        for (version, hosts) in [
            ("1.1", ""),
            ("1.1", "Host: x\r\nHost: y\r\n"),
            ("1.1", "Host: x\r\nhost: x\r\n"),
            ("1.1", "Host: x y\r\n"),
            ("1.1", "Host: x/y\r\n"),
            ("1.1", "Host: me@x\r\n"),
            ("1.1", "Host: x, y\r\n"),
            ("1.1", "Host : x\r\n"),
            ("1.0", "Host: x\r\nHost: y\r\n"),
            ("1.0", "Host: x y\r\n"),
        ] {
            let length = "Content-Length: 5";
            victim
                .refuses(&format!("POST /Echo HTTP/{version}\r\n{hosts}{length}\r\n\r\nhello"))
                .await;
        }
        victim.refuses("HEAD /Echo HTTP/1.1\r\n\r\n").await;
    });
}

#[test]
fn a_request_line_that_others_would_read_differently_is_refused() {
    run(async {
        let victim = Victim::start().await;
        for line in [
            "POST  /Echo HTTP/1.1",
            "POST\t/Echo HTTP/1.1",
            "POST /Echo  HTTP/1.1",
            "POST /Echo HTTP/1.1 ",
            "POST /Echo x HTTP/1.1",
            " POST /Echo HTTP/1.1",
            "\nPOST /Echo HTTP/1.1",
            "\rPOST /Echo HTTP/1.1",
            "POST /Echo",
            "POST /Echo HTTP/1.2",
            "POST /Echo HTTP/2",
            "POST /Echo HTTP/2.0",
            "POST /Echo HTTP/0.9",
            "POST /Echo HTTP/01.1",
            "POST /Echo http/1.1",
            "POST /Echo HTTP/1.1\nx: y",
            "PO(T /Echo HTTP/1.1",
            "POST Echo HTTP/1.1",
            "POST * HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "CONNECT x:80 HTTP/1.1",
            "POST x:80 HTTP/1.1",
            "POST https://x/Echo HTTP/1.1",
            "POST http://y/Echo HTTP/1.1",
            "POST http://me@x/Echo HTTP/1.1",
            "POST http://x HTTP/1.1",
            "POST /Echo#fragment HTTP/1.1",
            "POST /other/../Echo HTTP/1.1",
            "POST /Echo/%2e%2E/other HTTP/1.1",
            "POST /./Echo HTTP/1.1",
            "POST /Echo\\other HTTP/1.1",
            "POST /Ech\u{f6} HTTP/1.1",
            "POST /Echo\0 HTTP/1.1",
            "POST /Echo\u{7f} HTTP/1.1",
        ] {
            victim.refuses(&format!("{line}\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")).await;
        }
        victim.refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        victim.refuses("\u{16}\u{3}\u{1}").await;
    });
}

#[test]
fn a_refusal_comes_after_the_answers_to_the_requests_before_it() {
    run(async {
        let victim = Victim::start().await;
        let mut client = victim.client().await;
        let good = request("Echo", &[], "first");
        client.send(format!("{good}{}{good}", good.replace("Host: x\r\n", ""))).await;
        assert_eq!(client.response().await.unwrap().text(), "first");
        let (_, detail) = client.response().await.unwrap().problem();
        assert_eq!(detail, "the request is refused: it has no Host header");
        assert!(client.end().await.is_empty());
        assert_eq!(victim.calls.lock().unwrap().len(), 1);
    });
}
