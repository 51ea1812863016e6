//! Probes, and how a plugin that serves the network stops.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::certificates::Root;
use crate::client::{Client, Reply, whole};
use crate::program::{CALCULATOR, Serving, run_test};

const SUM: &str = r#"{"a":2,"b":3}"#;

/// Waits until this path is answered with this status.
async fn until(client: &mut Client, path: &str, status: u16) {
    while client.get(path, &[]).await.status != status {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn probes_need_no_certificate_and_no_token_and_tell_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path(), "root");
    let server = root.sign("server");
    let (roots, tokens) = (root.file(), folder.path().join("tokens"));
    std::fs::write(&tokens, "a-token-of-this-test").unwrap();
    let security =
        ["--client-ca", roots.to_str().unwrap(), "--token-file", tokens.to_str().unwrap()];
    let serving = Serving::start(CALCULATOR, &[&server.arguments()[..], &security].concat());
    run_test(async || {
        let config = root.client(None, "http/1.1");
        let mut client = Client::secure(serving.address, config).await.unwrap();
        for path in ["/livez", "/readyz"] {
            let probed = client.get(path, &[]).await;
            assert_eq!((probed.status, probed.body.as_str()), (200, ""));
            assert!(!probed.headers.contains_key("goplug-instance"), "{probed:?}");
        }
        assert_eq!(client.get("/", &[]).await.status, 401);
    });
}

#[test]
fn a_signal_ends_readiness_at_once_and_the_plugin_after_its_calls() {
    let folder = tempfile::tempdir().unwrap();
    let (begun, gate) = (folder.path().join("begun"), folder.path().join("gate"));
    let mut serving = Serving::start(CALCULATOR, &[]);
    run_test(async || {
        let mut probe = Client::plain(serving.address, "http/1.1").await;
        until(&mut probe, "/readyz", 200).await;
        let mut callers = Vec::new();
        for protocol in ["http/1.1", "h2"] {
            let mut client = Client::plain(serving.address, protocol).await;
            let begun = begun.with_extension(protocol.replace('/', "-"));
            let body = json!({"begun": begun, "gate": gate}).to_string();
            callers.push(tokio::spawn(async move { client.post("/wait_at", &[], &body).await }));
            while !begun.exists() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        if !serving.terminate() {
            return;
        }
        // A probe may be the last request of its connection.
        loop {
            let mut probe = Client::plain(serving.address, "http/1.1").await;
            match probe.get("/readyz", &[]).await.status {
                503 => break,
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
        let mut late = Client::plain(serving.address, "http/1.1").await;
        assert_eq!(late.get("/livez", &[]).await.status, 200);
        let refused = late.post("/add", &[], SUM).await;
        assert_eq!(refused.status, 503);
        assert!(refused.body.contains("urn:goplug:error:stopping"), "{}", refused.body);
        assert_eq!(refused.headers["connection"], "close");
        std::fs::write(&gate, "").unwrap();
        for caller in callers {
            assert_eq!(caller.await.unwrap().status, 200);
        }
        assert!(serving.ended().success());
    });
}

#[test]
fn a_drain_ends_in_time_whatever_is_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let (begun, dropped) = (folder.path().join("begun"), folder.path().join("dropped"));
    let mut serving = Serving::start(CALCULATOR, &["--drain", "1"]);
    run_test(async || {
        let mut client = Client::plain(serving.address, "h2").await;
        let body = json!({"millis": 600_000, "begun": begun, "dropped": dropped}).to_string();
        let call = async { client.send("POST", "/sleep", &[], whole(&body)).await };
        let terminated = async {
            while !begun.exists() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            (serving.terminate(), Instant::now())
        };
        let (terminated, call) = tokio::join!(terminated, async {
            tokio::time::timeout(Duration::from_secs(60), call).await
        });
        if !terminated.0 {
            return;
        }
        let cut = Reply::of(call.unwrap().unwrap()).await;
        assert_eq!(cut.status, 500);
        assert!(cut.body.contains("urn:goplug:error:cut-off"), "{}", cut.body);
        assert!(serving.ended().success());
        assert!(dropped.exists());
        // 600 s is what the call takes.
        assert!(terminated.1.elapsed() < Duration::from_secs(40));
    });
}
