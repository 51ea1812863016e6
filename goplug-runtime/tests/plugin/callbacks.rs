//! Callbacks to GoPlug 2 hosts: streams, order, replay, limits.

use std::path::Path;
use std::time::Duration;

use goplug_runtime::plugin::{PluginServer, RegisteredHost, ServerBuilder};
use goplug_runtime::{Error, limits};

use crate::client::{Client, folder, run};

const TOKEN: &[(&str, &str)] = &[("Goplug-Host", "one")];

fn plugin(folder: &Path) -> ServerBuilder {
    PluginServer::builder("Do").namespace("Test").location(folder)
}

async fn started(builder: ServerBuilder) -> PluginServer {
    let server = builder.build().unwrap();
    server.start().await.unwrap();
    server
}

/// Waits until the only host is connected, or until it is not.
async fn until_connected(server: &PluginServer, connected: bool) {
    while server.callbacks()[0].hosts[0].connected != connected {
        tokio::task::yield_now().await;
    }
}

/// The token, protocol and connection of a host.
fn presence(host: &RegisteredHost) -> (Option<&str>, u32, bool) {
    (host.token.as_deref(), host.protocol, host.connected)
}

fn event(id: &str, name: &str, data: &str) -> (String, String, String) {
    (id.into(), name.into(), data.into())
}

#[test]
fn a_callback_reaches_the_host_that_registered_it_in_base64_and_in_order() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut events = Client::connect(&sock).await.listen(TOKEN, r#"["a","b"]"#).await;

        server.notify("a", "hello").await.unwrap();
        server.notify("b", vec![0_u8, 255]).await.unwrap();

        assert_eq!(events.event().await, event("1", "a;base64", "aGVsbG8="));
        assert_eq!(events.event().await, event("2", "b;base64", "AP8="));
    });
}

#[test]
fn a_callback_that_nobody_registered_is_an_error() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let _events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;

        let error = server.notify("b", "").await.unwrap_err();

        assert!(matches!(&error, Error::NotRegistered { callback } if callback == "b"));
        assert_eq!(error.to_string(), "no host has registered the callback \"b\"");
        assert!(matches!(server.notify("a;b", "").await, Err(Error::InvalidName(_))));
    });
}

/// Go writes `null` for a list that was never made.
#[test]
fn a_list_of_names_that_is_null_unregisters_the_host_as_an_empty_one_does() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let _events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        assert_eq!(server.callbacks().len(), 1);

        let headers = [("Goplug-Host", "one"), ("Goplug-Protocol", "2")];
        let response =
            Client::connect(&sock).await.call("RegisterCallback", &headers, "null").await;

        assert_eq!((response.status(), response.text()), (200, ""));
        assert_eq!(server.callbacks(), []);
    });
}

#[test]
fn the_plugin_lists_its_callbacks_and_their_hosts() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        assert_eq!(server.callbacks(), []);

        let _one = Client::connect(&sock).await.listen(TOKEN, r#"["b","a","a"]"#).await;
        let _two = Client::connect(&sock).await.listen(&[], r#"["a"]"#).await;

        let callbacks = server.callbacks();
        assert_eq!(callbacks.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let hosts = |index: usize| callbacks[index].hosts.iter().map(presence).collect::<Vec<_>>();
        assert_eq!(hosts(0), [(Some("one"), 2, true), (None, 2, true)]);
        assert_eq!(hosts(1), [(Some("one"), 2, true)]);
    });
}

#[test]
fn a_second_registration_replaces_the_first() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut old = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        server.notify("a", "1").await.unwrap();
        old.event().await;

        let mut new = Client::connect(&sock).await.listen(TOKEN, r#"["b"]"#).await;
        assert_eq!(old.next().await, None);
        // The connection of the ended stream takes requests again.
        assert_eq!(old.into_client().post("Ping", "x").await.text(), "x");

        assert!(matches!(server.notify("a", "").await, Err(Error::NotRegistered { .. })));
        server.notify("b", "2").await.unwrap();
        assert_eq!(new.event().await, event("2", "b;base64", "Mg=="));
    });
}

#[test]
fn a_host_that_comes_back_gets_what_it_has_not_seen() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut old = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        for text in ["1", "2", "3"] {
            server.notify("a", text).await.unwrap();
        }
        assert_eq!(old.event().await.0, "1");
        drop(old);
        until_connected(&server, false).await;
        server.notify("a", "4").await.unwrap();

        let resume = [TOKEN[0], ("Last-Event-ID", "1")];
        let mut new = Client::connect(&sock).await.listen(&resume, r#"["a"]"#).await;

        for id in ["2", "3", "4"] {
            assert_eq!(new.event().await.0, id);
        }
    });
}

#[test]
fn the_numbering_continues_after_the_largest_id_that_a_host_may_claim() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let last = (u64::MAX / 2).to_string();
        let resume = [TOKEN[0], ("Last-Event-ID", last.as_str())];
        let mut stream = Client::connect(&sock).await.listen(&resume, r#"["a"]"#).await;

        server.notify("a", "x").await.unwrap();

        assert_eq!(stream.event().await.0, (u64::MAX / 2 + 1).to_string());
    });
}

#[test]
fn a_host_that_missed_too_much_is_told_how_much() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut old = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        let half = vec![b'x'; limits::CALLBACK_REPLAY / 2];
        for _ in 0..4 {
            server.notify("a", half.clone()).await.unwrap();
            old.event().await;
        }
        drop(old);

        let resume = [TOKEN[0], ("Last-Event-ID", "1")];
        let mut new = Client::connect(&sock).await.listen(&resume, r#"["a"]"#).await;

        assert_eq!(new.event().await, event("3", "gap", "2"));
        assert_eq!(new.event().await.0, "4");
    });
}

#[test]
fn a_host_that_stays_away_is_forgotten() {
    run(async {
        let (folder, sock) = folder();
        let server =
            started(plugin(folder.path()).callback_resume(Duration::from_millis(30))).await;
        let events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        drop(events);

        while !server.callbacks().is_empty() {
            tokio::task::yield_now().await;
        }

        assert!(matches!(server.notify("a", "").await, Err(Error::NotRegistered { .. })));
    });
}

#[test]
fn a_host_without_a_token_is_forgotten_with_its_stream() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let events = Client::connect(&sock).await.listen(&[], r#"["a"]"#).await;
        assert_eq!(server.callbacks().len(), 1);

        drop(events);

        while !server.callbacks().is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn an_empty_registration_unregisters_the_host() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;

        let mut none = Client::connect(&sock).await.listen(TOKEN, "[]").await;

        assert_eq!(none.next().await, None);
        assert_eq!(events.next().await, None);
        assert_eq!(server.callbacks(), []);
    });
}

#[test]
fn a_host_that_registers_again_later_does_not_see_an_id_twice() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        server.notify("a", "1").await.unwrap();
        events.event().await;
        let seen = [TOKEN[0], ("Last-Event-ID", "1")];
        Client::connect(&sock).await.listen(&seen, "[]").await;

        let mut again = Client::connect(&sock).await.listen(&seen, r#"["a"]"#).await;
        server.notify("a", "2").await.unwrap();

        assert_eq!(again.event().await, event("2", "a;base64", "Mg=="));
    });
}

#[test]
fn notify_waits_while_a_host_is_behind_and_nothing_is_lost() {
    run(async {
        let (folder, sock) = folder();
        let server = started(plugin(folder.path())).await;
        let mut events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        let count = limits::CALLBACK_QUEUE * 2;
        let large = vec![b'x'; 4 << 10];

        let mut sent = 0;
        let late = Duration::from_millis(100);
        while sent < count
            && tokio::time::timeout(late, server.notify("a", large.clone())).await.is_ok()
        {
            sent += 1;
        }
        assert!((limits::CALLBACK_QUEUE..count).contains(&sent), "{sent}");

        // The callback that was given up is not in the queue. The next one is queued once there
        // is room.
        let waiting = server.notify("a", "last");
        let reading = async {
            for id in 1..=sent {
                assert_eq!(events.event().await.0, id.to_string());
            }
            events.event().await
        };
        let mut waiting = std::pin::pin!(waiting);
        let mut reading = std::pin::pin!(reading);
        let mut notified = false;
        let last = std::future::poll_fn(|cx| {
            if !notified {
                notified = waiting.as_mut().poll(cx).is_ready();
            }
            reading.as_mut().poll(cx)
        })
        .await;
        assert_eq!(last, event(&(sent + 1).to_string(), "a;base64", "bGFzdA=="));
    });
}

#[test]
fn notify_does_not_wait_for_a_host_that_is_gone() {
    run(async {
        let (folder, sock) = folder();
        let server =
            started(plugin(folder.path()).callback_resume(Duration::from_millis(200))).await;
        let events = Client::connect(&sock).await.listen(TOKEN, r#"["a"]"#).await;
        drop(events);
        until_connected(&server, false).await;

        let error = loop {
            if let Err(error) = server.notify("a", "x").await {
                break error;
            }
        };

        assert!(matches!(error, Error::NotRegistered { .. }));
    });
}

#[test]
fn an_invalid_registration_is_refused() {
    run(async {
        let (folder, sock) = folder();
        let _server = started(plugin(folder.path())).await;
        let mut client = Client::connect(&sock).await;
        let two = ("Goplug-Protocol", "2");

        let no_array = client.call("RegisterCallback", &[two], "\"a\"").await;
        let bad_name = client.call("RegisterCallback", &[two], "[\"a;b\"]").await;
        let bad_id =
            client.call("RegisterCallback", &[two, ("Last-Event-ID", "x")], "[\"a\"]").await;
        let last = u64::MAX.to_string();
        let no_room =
            client.call("RegisterCallback", &[two, ("Last-Event-ID", &last)], "[\"a\"]").await;
        let no_reply = client.call("CallbackReply/7", &[two], "1").await;
        let no_id = client.call("CallbackReply", &[two], "1").await;

        assert!(no_array.problem().1.starts_with("expected an array of callback names"));
        assert_eq!(bad_name.problem().1, "callback name \"a;b\" holds a `;`");
        assert_eq!(bad_id.problem().1, "Last-Event-ID is \"x\", which is not a number");
        let expected = format!("Last-Event-ID is {last:?}, which no event has");
        assert_eq!(no_room.problem().1, expected);
        let expected = "no callback with the id 7 waits for a reply of this host";
        assert_eq!(no_reply.problem().1, expected);
        assert!(no_id.problem().1.starts_with("a reply goes to /CallbackReply/"));
    });
}
