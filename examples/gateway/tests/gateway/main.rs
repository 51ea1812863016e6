//! The gateway and its plugin as their users run them, with a real HTTP client.

mod client;
mod process;

use std::time::Duration;

use gateway::Receipt;
use serde_json::Value;

use crate::client::{Client, Reply, events, request};
use crate::process::{Gateway, SCAN, WAIT, WORDS, run, until};

#[test]
fn a_file_is_uploaded_and_the_plugin_says_what_it_is() {
    run(async {
        let gateway = Gateway::start().await;
        let mut client = gateway.client().await;
        let receipt = client.post("/Scan/a.txt", "one\ntwo\n").await.receipt();
        assert_eq!((&*receipt.name, receipt.length, receipt.lines), ("a.txt", 8, 2));
        let large = "0123456\n".repeat(640 << 10);
        let receipt = client.post("/Scan/large.txt", large).await.receipt();
        assert_eq!((receipt.length, receipt.lines), (5 << 20, 640 << 10));
        for (path, body, status, text) in [
            ("/Scan/b.txt", "", 422, "b.txt is empty"),
            ("/Scan/c.bin", "ab\u{0}", 200, "c.bin"),
            ("/Other/a.txt", "one", 404, "there is no plugin \"Other\""),
        ] {
            let reply = client.post(path, body).await;
            assert_eq!(reply.status, status, "{reply:?}");
            assert!(reply.text().contains(&text.replace('"', "\\\"")), "{reply:?}");
        }
        gateway.stop().await;
    });
}

#[test]
fn the_stream_of_a_plugin_is_server_sent_events() {
    run(async {
        let gateway = Gateway::start().await;
        let mut events = events(gateway.address, "/Scan/events").await;
        let mut client = gateway.client().await;
        for name in ["a.txt", "b.txt"] {
            let receipt = client.post(&format!("/Scan/{name}"), "one").await.receipt();
            let (event, data) = events.next().await;
            let told: Receipt = serde_json::from_str(&data).unwrap();
            assert_eq!((&*event, told), ("receipt", receipt));
        }
        gateway.stop().await;
    });
}

#[test]
fn a_route_in_python_takes_files_calls_the_ledger_streams_and_logs() {
    run(async {
        let gateway = Gateway::start().await;
        gateway.install(WORDS.as_ref());
        let mut client = gateway.client().await;
        while client.post("/Words/first.txt", "one").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut events = events(gateway.address, "/Words/events").await;
        let receipt = client.post_as("/Words/a.txt", "one\ntwo\n", "test-8").await.receipt();
        assert_eq!((&*receipt.request, receipt.length, receipt.lines), ("test-8", 8, 2));
        assert!(receipt.number > 1, "{receipt:?}");
        let (event, data) = events.next().await;
        assert_eq!((&*event, serde_json::from_str(&data).unwrap()), ("receipt", receipt));
        let reply = client.post("/Words/b.txt", "").await;
        assert_eq!(reply.status, 422, "{reply:?}");
        assert!(reply.text().contains("b.txt is empty"), "{reply:?}");
        let is_logged = || {
            let log = gateway.log();
            log.lines().any(|line| line.contains("a.txt has been read") && line.contains("test-8"))
        };
        until("its record", is_logged, || gateway.log()).await;
        gateway.stop().await;
    });
}

#[test]
fn the_id_of_a_request_is_in_its_response_and_in_the_log_of_the_plugin() {
    run(async {
        let gateway = Gateway::start().await;
        let mut client = gateway.client().await;
        let reply = client.post_as("/Scan/a.txt", "one", "test-7").await;
        assert_eq!(reply.request_id, "test-7");
        assert_eq!(reply.receipt().request, "test-7");
        // Two records of the gateway, one of the plugin.
        for part in ["taken", "a.txt is entered", "a.txt has been read"] {
            let is_there = || {
                let log = gateway.log();
                log.lines().any(|line| line.contains(part) && line.contains("test-7"))
            };
            until(part, is_there, || gateway.log()).await;
        }
        let [first, second] =
            [client.post("/Scan/a.txt", "one").await, client.post("/Scan/a.txt", "one").await];
        assert!(!first.request_id.is_empty() && first.request_id != second.request_id);
        let forged = client.post_as("/Scan/a.txt", "one", "a b").await;
        assert_ne!(forged.request_id, "a b");
        gateway.stop().await;
    });
}

#[test]
fn an_upgrade_under_load_fails_no_request() {
    run(async {
        let gateway = Gateway::start().await;
        let mut stream = events(gateway.address, "/Scan/events").await;
        let first = gateway.client().await.post("/Scan/a.txt", "one").await.receipt().process;
        let load = (0..4).map(|_| {
            let address = gateway.address;
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                let (mut after, mut numbers) = (0, Vec::new());
                while after < 50 {
                    let receipt = client.post("/Scan/a.txt", "one\ntwo").await.receipt();
                    after += usize::from(receipt.process != first);
                    numbers.push(receipt.number);
                }
                numbers
            })
        });
        let load: Vec<_> = load.collect();
        // The same program at another place: what a package manager does with a new version.
        let upgraded = gateway.folder().join("gateway-scan-2");
        assert!(
            std::process::Command::new("cp")
                .args([SCAN.as_ref(), &*upgraded])
                .status()
                .unwrap()
                .success()
        );
        gateway.install(&upgraded);
        let mut numbers = Vec::new();
        for requests in load {
            numbers.extend(requests.await.unwrap());
        }
        // The gateway's ledger goes on where the plugin is another process.
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        // Streams of the old process end, and say so.
        let (mut event, mut data) = stream.next().await;
        while event == "receipt" {
            (event, data) = stream.next().await;
        }
        assert_eq!(event, "end", "{data}");
        gateway.stop().await;
    });
}

#[test]
fn a_stop_lets_requests_end_and_ends_streams_and_plugins() {
    run(async {
        let mut gateway = Gateway::start().await;
        let mut stream = events(gateway.address, "/Scan/events").await;
        let mut upload = request(gateway.address, "/Scan/slow.txt", 8).await;
        upload.send("one\n").await;
        gateway.terminate();
        assert_eq!(stream.next().await, ("end".into(), "the gateway stops".into()));
        let address = gateway.address;
        let refused = async { while tokio::net::TcpStream::connect(address).await.is_ok() {} };
        tokio::time::timeout(WAIT, refused).await.expect("it accepts no connection");
        upload.send("two\n").await;
        let reply = upload.reply().await;
        assert!(
            reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("\"lines\":2"),
            "{reply}"
        );
        assert!(gateway.exit().await.success());
        let log = gateway.log();
        assert!(
            log.contains("the scanner stops") && log.contains("all plugins have stopped"),
            "{log}"
        );
    });
}

#[test]
fn health_and_statistics_are_those_of_the_plugins() {
    run(async {
        let gateway = Gateway::start().await;
        let mut client = gateway.client().await;
        let health = client.get("/health").await;
        assert_eq!(health.status, 200, "{health:?}");
        let health = health.json();
        assert_eq!(
            (&health["status"], &health["plugins"]["gateway.Scan"]),
            (&"ok".into(), &"Loaded".into())
        );
        client.post("/Scan/a.txt", "one").await.receipt();
        client.post("/Scan/a.txt", "").await;
        let statistics = client.get("/statistics").await.json();
        let of_scan = &statistics["gateway.Scan"];
        assert_eq!((&of_scan["calls"], &of_scan["errors"]), (&2.into(), &1.into()), "{statistics}");
        assert!(of_scan["latency_99_us"].is_u64() && of_scan["resident_memory"].is_u64());

        let path = gateway.folder().join("broken.pconf");
        std::fs::write(&path, "{").unwrap();
        let rejected = async {
            loop {
                let health = client.get("/health").await.json();
                if let Some(Value::String(reason)) = health["rejected"].get(path.to_str().unwrap())
                {
                    return reason.clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(!tokio::time::timeout(WAIT, rejected).await.unwrap().is_empty());
        gateway.stop().await;
    });
}

#[test]
fn a_plugin_that_is_killed_is_there_for_the_next_request() {
    run(async {
        let gateway = Gateway::start().await;
        let mut client = gateway.client().await;
        let first = client.post("/Scan/a.txt", "one").await.receipt().process;
        process::kill("KILL", first);
        let reply: Reply = client.post("/Scan/a.txt", "one").await;
        assert_ne!(reply.receipt().process, first);
        gateway.stop().await;
    });
}
