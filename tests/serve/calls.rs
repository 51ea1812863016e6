//! Calls over the network, by curl and by hyper.

use std::io::ErrorKind;
use std::process::Command;

use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::{Client, Event, Events, pieces, whole};
use crate::program::{CALCULATOR, INTAKE, Serving, run, run_test};

const PROTOCOLS: [&str; 2] = ["http/1.1", "h2"];

#[test]
fn curl_calls_a_plugin_by_both_versions_of_http() {
    let serving = Serving::start(CALCULATOR, &[]);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let call = |path: &str, body: &str| {
            let url = format!("{}/{path}", serving.url);
            let curl = Command::new("curl")
                .args(["--silent", "--show-error", "--no-buffer", version, "-d", body, &url])
                .output();
            match curl {
                Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => panic!("{error}"),
            }
        };
        let Some(sum) = call("add", r#"{"a":2,"b":3}"#) else {
            eprintln!("curl is not installed: what it prints is not checked");
            return;
        };
        assert_eq!(sum, "5");
        assert_eq!(
            call("count", r#"{"to":2}"#).unwrap(),
            "event: item\ndata: 0\n\nevent: item\ndata: 1\n\nevent: end\ndata: null\n\n"
        );
    }
}

#[test]
fn answers_are_those_of_a_socket_and_name_the_instance() {
    let serving = Serving::start(CALCULATOR, &["--instance", "calc-1"]);
    run_test(async || {
        for protocol in PROTOCOLS {
            let mut client = Client::plain(serving.address, protocol).await;
            let described = client.get("/", &[]).await;
            assert_eq!(described.status, 200, "{described:?}");
            assert_eq!(described.headers["goplug-protocol"], "2");
            let described: Value = serde_json::from_str(&described.body).unwrap();
            assert_eq!(described["name"], "Calculator");
            for (path, body, status, found) in [
                ("/add", r#"{"a":2,"b":3}"#, 200, "5"),
                ("/Ping", "abc", 200, "abc"),
                ("/divide", r#"{"a":2,"b":0}"#, 422, "urn:goplug:error:method"),
                ("/add", r#"{"a":2}"#, 400, "invalid-arguments"),
                ("/nothing", "", 400, "unknown-method"),
                ("/", "", 400, "bad-request"),
            ] {
                let reply = client.post(path, &[], body).await;
                assert_eq!(reply.status, status, "{protocol} {path}: {reply:?}");
                assert!(reply.body.contains(found), "{protocol} {path}: {reply:?}");
                assert_eq!(reply.headers["goplug-instance"], "calc-1");
                assert!(!reply.headers.contains_key("set-cookie"));
            }
        }
    });
}

#[test]
fn a_host_neither_activates_the_plugin_again_nor_stops_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    std::fs::write(&config, r#"{"greeting":"Hello"}"#).unwrap();
    let serving = Serving::start(CALCULATOR, &["--config", config.to_str().unwrap()]);
    run_test(async || {
        for protocol in PROTOCOLS {
            let mut client = Client::plain(serving.address, protocol).await;
            let host = ["goplug-protocol: 2", "goplug-host: h"];
            let activated = client.post("/Activate", &host, r#"{"greeting":"Bye"}"#).await;
            assert_eq!(activated.status, 200, "{activated:?}");
            let stopped = client.post("/Stop", &host, "").await;
            assert_eq!(stopped.status, 400);
            assert!(stopped.body.contains("no host stops it"), "{}", stopped.body);
            drop(client);
            let mut client = Client::plain(serving.address, protocol).await;
            assert_eq!(client.post("/greeting", &[], "{}").await.body, "\"Hello\"");
        }
    });
}

#[test]
fn what_keeps_a_plugin_from_serving_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (refused, broken) = (file("a.json", r#"{"refuse":"no database"}"#), file("b.json", "{"));
    let listen = |more: &[&str]| {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"][..], more].concat();
        let output = run(CALCULATOR, &arguments);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (arguments, code, said) in [
        (&["--config", &refused][..], 1, "no database"),
        (&["--config", &broken], 1, "the configuration is not JSON"),
        (&["--config", "/nowhere"], 1, "reading /nowhere"),
        (&["--token-file", &broken], 1, "fewer than 16 characters"),
        (&["--tls-cert", &broken, "--tls-key", &broken], 1, "no certificate in PEM"),
        (&["--tls-cert", &broken], 2, "--tls-cert and --tls-key need each other"),
        (&["--nonsense"], 2, "unknown argument \"--nonsense\" of serve"),
    ] {
        let (status, stderr) = listen(arguments);
        assert_eq!(status, Some(code), "{stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    let beyond = run(CALCULATOR, &["serve", "--listen", "0.0.0.0:0"]);
    let stderr = String::from_utf8(beyond.stderr).unwrap();
    assert!(stderr.contains("--insecure-no-tls") && stderr.contains("--insecure-any-caller"));
}

#[test]
fn a_method_reads_a_stream_while_it_runs_and_answers_with_one() {
    let serving = Serving::start(INTAKE, &[]);
    run_test(async || {
        for protocol in PROTOCOLS {
            let mut client = Client::plain(serving.address, protocol).await;
            let (sender, body) = pieces();
            let piece =
                |text: &str| sender.send(Ok(Bytes::copy_from_slice(text.as_bytes()))).unwrap();
            piece("event: arguments\ndata: {}\n\nevent: item\ndata: 1\n\n");
            let headers = ["content-type: text/event-stream"];
            let mut echoed =
                Events::of(client.send("POST", "/echo", &headers, body).await.unwrap());
            for number in 1..4 {
                let event = echoed.next().await.unwrap();
                assert_eq!((event.event.as_str(), event.data), ("item", number.to_string()));
                piece(&format!("event: item\ndata: {}\n\n", number + 1));
            }
            piece("event: end\ndata: null\n\n");
            drop(sender);
            assert_eq!(echoed.next().await.unwrap().data, "4");
            let end = Event { event: "end".into(), data: "null".into(), ..Event::default() };
            assert_eq!((echoed.next().await, echoed.next().await), (Some(end), None));

            let (sender, body) = pieces();
            sender.send(Ok("abc".into())).unwrap();
            sender.send(Ok("d".into())).unwrap();
            drop(sender);
            let headers =
                ["content-type: application/octet-stream", r#"goplug-arguments: {"name":"x"}"#];
            let digest = client.send("POST", "/digest", &headers, body).await.unwrap();
            let digest = digest.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(serde_json::from_slice::<Value>(&digest).unwrap(), json!(["x", 4, 394]));
        }
    });
}

#[test]
fn a_stream_of_arguments_that_is_cut_off_fails_in_the_method() {
    let serving = Serving::start(INTAKE, &[]);
    run_test(async || {
        for (index, protocol) in PROTOCOLS.into_iter().enumerate() {
            let mut client = Client::plain(serving.address, protocol).await;
            let (sender, body) = pieces();
            sender
                .send(Ok("event: arguments\ndata: {}\n\nevent: item\ndata: 1\n\n".into()))
                .unwrap();
            sender.send(Err("cut off")).unwrap();
            let headers = ["content-type: text/event-stream"];
            drop(client.send("POST", "/watched", &headers, body).await);
            let mut client = Client::plain(serving.address, protocol).await;
            loop {
                let ends = client.post("/ends", &[], "{}").await.body;
                let ends: Vec<String> = serde_json::from_str(&ends).unwrap();
                if ends.len() > index || client.post("/alive", &[], "{}").await.body == "0" {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    });
}

#[test]
fn a_stream_of_bytes_that_fails_never_looks_complete() {
    let serving = Serving::start(CALCULATOR, &[]);
    run_test(async || {
        for protocol in PROTOCOLS {
            let mut client = Client::plain(serving.address, protocol).await;
            let body = whole(r#"{"count":2,"size":3}"#);
            let response =
                client.send("POST", "/chunks_and_fail", &["te: trailers"], body).await.unwrap();
            assert_eq!(response.status(), 200);
            response.into_body().collect().await.unwrap_err();

            let mut client = Client::plain(serving.address, protocol).await;
            let body = whole(r#"{"count":2,"size":3}"#);
            let response = client.send("POST", "/chunks", &[], body).await.unwrap();
            let chunks = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(chunks, [0, 0, 0, 1, 1, 1][..]);
        }
    });
}
