//! Several hosts at a time: each has its callbacks, and calls the services of none but its own.

use serde_json::Value;

use crate::client::{Client, Events, Pieces, Reply, pieces, whole};
use crate::program::{CALCULATOR, REPORT, Serving, run_test};

/// Opens a host's stream of callbacks.
async fn register(serving: &Serving, host: &str, names: &str, protocol: &str) -> Events {
    register_after(serving, host, names, protocol, "x-none: 0").await
}

async fn register_after(
    serving: &Serving,
    host: &str,
    names: &str,
    protocol: &str,
    last: &str,
) -> Events {
    let mut client = Client::plain(serving.address, protocol).await;
    let host = format!("goplug-host: {host}");
    let headers = ["goplug-protocol: 2", host.as_str(), last];
    let response = client.send("POST", "/RegisterCallback", &headers, whole(names)).await.unwrap();
    let events = Events::of(response);
    // The connection lives as long as its stream.
    tokio::spawn(async move {
        let _client = client;
        std::future::pending::<()>().await;
    });
    events
}

#[test]
fn each_host_has_all_callbacks_in_their_order() {
    let serving = Serving::start(CALCULATOR, &[]);
    run_test(async || {
        let mut one = register(&serving, "one", r#"["tick"]"#, "h2").await;
        let mut two = register(&serving, "two", r#"["tick"]"#, "http/1.1").await;
        let mut client = Client::plain(serving.address, "h2").await;
        assert_eq!(client.post("/burst", &[], r#"{"count":100}"#).await.status, 200);
        let mut last = String::new();
        for number in 0..100 {
            for host in [&mut one, &mut two] {
                let event = host.next().await.unwrap();
                assert_eq!(event.event, "tick");
                assert!(event.data.contains(&number.to_string()), "{event:?}");
                last = event.id;
            }
        }
        drop(one);

        // A stream that broke goes on behind the last event that its host has seen.
        let before: u64 = last.parse().unwrap();
        let header = format!("last-event-id: {}", before - 1);
        let mut again = register_after(&serving, "one", r#"["tick"]"#, "h2", &header).await;
        assert_eq!(again.next().await.unwrap().id, last);
        assert_eq!(client.post("/burst", &[], r#"{"count":1}"#).await.status, 200);
        assert_eq!(again.next().await.unwrap().id, (before + 1).to_string());
    });
}

#[test]
fn a_call_calls_the_services_of_its_own_host() {
    let serving = Serving::start(REPORT, &["--instance", "report-1"]);
    run_test(async || {
        for (mine, other) in [("one", "two"), ("two", "one")] {
            let names = r#"["Database;service"]"#;
            let mut my_events = register(&serving, mine, names, "h2").await;
            let _other_events = register(&serving, other, names, "http/1.1").await;
            let mut client = Client::plain(serving.address, "h2").await;
            let host = format!("goplug-host: {mine}");
            let mut replying = Client::plain(serving.address, "h2").await;
            let headers = [host.as_str()];
            let (called, ()) = tokio::join!(
                client.post("/texts", &headers, r#"{"table":"pages"}"#),
                reply(&mut my_events, &mut replying, mine),
            );
            assert_eq!(called.status, 200, "{called:?}");
            assert_eq!(called.body, format!("[\"of {mine}\"]"));
        }
    });
}

/// Answers the next call of a service: not for another instance, not as another host, but then.
async fn reply(events: &mut Events, client: &mut Client, host: &str) {
    let call = events.next().await.unwrap();
    assert!(call.event.starts_with("Database/query;call"), "{call:?}");
    assert_eq!(serde_json::from_str::<Value>(&call.data).unwrap()["table"], "pages");
    let path = format!("/CallbackReply/{}", call.id);
    let rows = format!(r#"[{{"number":1,"text":"of {host}"}}]"#);
    let host = format!("goplug-host: {host}");
    let elsewhere = ["goplug-protocol: 2", &host, "goplug-instance: report-2"];
    let misdirected = client.post(&path, &elsewhere, &rows).await;
    assert_eq!(misdirected.status, 421, "{misdirected:?}");
    assert!(misdirected.body.contains("urn:goplug:error:misdirected"));
    let stranger = ["goplug-protocol: 2", "goplug-host: three"];
    assert_eq!(client.post(&path, &stranger, &rows).await.status, 400);
    let right = ["goplug-protocol: 2", &host, "goplug-instance: report-1"];
    assert_eq!(client.post(&path, &right, &rows).await.status, 200);
}

#[test]
fn replies_may_come_on_a_stream() {
    let serving = Serving::start(REPORT, &[]);
    run_test(async || {
        for protocol in ["http/1.1", "h2"] {
            let mut events = register(&serving, protocol, r#"["Database;service"]"#, "h2").await;
            let (sender, body) = pieces();
            let mut client = Client::plain(serving.address, "h2").await;
            let host = format!("goplug-host: {protocol}");
            let calls = async {
                for _ in 0..2 {
                    let called = client.post("/texts", &[&host], r#"{"table":"pages"}"#).await;
                    assert_eq!(called.body, "[\"streamed\"]");
                }
            };
            let answers = async {
                // A plugin reads the stream once it has called a service.
                let mut id = events.next().await.unwrap().id;
                let replies = Client::plain(serving.address, protocol).await;
                let answered = tokio::spawn(send_replies(replies, host.clone(), body));
                for last in [false, true] {
                    let row = r#"[{"number":1,"text":"streamed"}]"#;
                    sender
                        .send(Ok(format!("id: {id}\nevent: reply\ndata: {row}\n\n").into()))
                        .unwrap();
                    if !last {
                        id = events.next().await.unwrap().id;
                    }
                }
                drop(sender);
                answered.await.unwrap()
            };
            let ((), answered) = tokio::join!(calls, answers);
            assert_eq!(answered.status, 200, "{answered:?}");
        }
    });
}

async fn send_replies(mut client: Client, host: String, body: Pieces) -> Reply {
    let headers = ["goplug-protocol: 2", &host, "content-type: text/event-stream"];
    Reply::of(client.send("POST", "/CallbackReply", &headers, body).await.unwrap()).await
}
