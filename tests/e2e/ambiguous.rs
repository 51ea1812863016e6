//! Responses that two readers could read differently: the host refuses them at once, and nothing
//! that hides in them becomes the response to another call.

use std::sync::{Arc, Mutex};

use goplug_runtime::transport::{Listener, Stream};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::http::read_request;
use crate::test_env::{TestEnv, run_test, soon};

/// What the plugin answers to the method `work`, as bytes.
type Script = Arc<Mutex<String>>;

/// A response that hides behind another one.
const HIDDEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled";

/// Serves a plugin at a socket in the folder. It ends with the test.
fn serve(env: &TestEnv) -> Script {
    let socket = env.socket("ambiguous.sock");
    let listener = Listener::bind(&socket).unwrap();
    let script = Script::default();
    let answers = script.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_connection(stream, answers.clone()));
        }
    });
    let keys = json!({"Name": "Ambiguous", "Protocol": 2, "Sock": socket, "LazyLoad": true});
    env.put_pconf("Ambiguous.pconf", &keys);
    script
}

async fn serve_connection(mut stream: Stream, script: Script) {
    let mut bytes = Vec::new();
    while let Some((head, _)) = read_request(&mut stream, &mut bytes).await {
        let descriptor = json!({"name": "Ambiguous", "methods": [{"name": "work"}]}).to_string();
        let response = match head.split(['/', ' ']).nth(2).unwrap() {
            "Activate" => format!(
                "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nContent-Length: {}\r\n\r\n{descriptor}",
                descriptor.len()
            ),
            "work" => script.lock().unwrap().clone(),
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into(),
        };
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[test]
fn a_response_that_is_ambiguous_is_refused_and_hides_no_other() {
    run_test(async |env| {
        let script = serve(env);
        let registry = env.registry().start().await.unwrap();
        let length = HIDDEN.len();
        for head in [
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: {n}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: {n}\r\nContent-Length: {n}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: {n}, {n}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +{n}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length : {n}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n {n}\r\n\r\n",
            "HTTP/1.1 200 OK\nContent-Length: {n}\n\n",
            "HTTP/1.1 200 OK\r\nx: y\rContent-Length: {n}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: {n}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0 \r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: {n}\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/1.1 100 Continue\r\nContent-Length: {n}\r\n\r\n",
            "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ] {
            let plugin = registry.load("Ambiguous", "").await.unwrap();
            *script.lock().unwrap() = head.replace("{n}", &length.to_string()) + HIDDEN;
            let refused = soon("the refusal", plugin.execute("work", "")).await;
            let error = refused.expect_err(head);
            assert!(!matches!(error, goplug::Error::Deadline { .. }), "{head:?}: {error:?}");

            *script.lock().unwrap() = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh".into();
            let plugin = registry.load("Ambiguous", "").await.unwrap();
            assert_eq!(plugin.execute("work", "").await.unwrap(), "fresh", "{head:?}");
        }
        registry.stop().await.unwrap();
    });
}
