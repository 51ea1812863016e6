//! Recorded exchanges of the original library's host with its plugin, replayed: the host's
//! bytes go to our plugin, and its answers are compared with the recorded ones.
//!
//! The original's host ignores some parts, and these may differ: the order of the methods,
//! `Date`, the spelling of header names, `Content-Type`, and the body of an error. One
//! recorded answer is not repeated on purpose: Go redirects `/a//b` to `/a/b`, and here that
//! path calls the method `a`.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use goplug_runtime::Error;
use goplug_runtime::plugin::{PluginServer, RegisteredHost};

use crate::client::{Client, Response, folder, run};

const EXECUTE: &str = include_str!("legacy/execute.cap");
const CALLBACK: &str = include_str!("legacy/callback.cap");
/// [`CALLBACK`] with the name that Go gives to a method value of a package in a repository.
const QUALIFIED: &str = include_str!("legacy/qualified.cap");
const QUALIFIED_NAME: &str = "github.com/acme/app/handlers.(*Server).OnEvent-fm";

/// One step of a recording.
#[derive(Debug)]
enum Step {
    HostSends(String),
    PluginSends(String),
    PluginCloses,
    HostCloses,
}

/// Reads a recording: `<ms> ms H1>P <count> bytes`, then the bytes with `\r\n` spelled out,
/// then `~`.
fn steps(recording: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = recording.lines();
    while let Some(line) = lines.next() {
        let what = line.split_once(" ms ").map_or("", |(_, what)| what);
        let mut payload = |what: &str| {
            let count: usize = what.split(' ').nth(1).unwrap().parse().unwrap();
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "~").collect();
            let text = text.join("\n").replace("\\r\\n\n", "\r\n");
            assert_eq!(text.len(), count, "{text:?}");
            text
        };
        match what {
            "H1>P EOF" => steps.push(Step::HostCloses),
            "P>H1 EOF" => steps.push(Step::PluginCloses),
            what if what.starts_with("H1>P ") => steps.push(Step::HostSends(payload(what))),
            what if what.starts_with("P>H1 ") => steps.push(Step::PluginSends(payload(what))),
            _ => assert!(what.is_empty() || what.ends_with(" accepted"), "{line}"),
        }
    }
    steps
}

/// The recorded plugin, with the methods that the recordings call.
fn recorded_plugin(folder: &Path) -> PluginServer {
    let own = Arc::new(OnceLock::<PluginServer>::new());
    let inside = own.clone();
    let mut builder = PluginServer::builder("Do")
        .namespace("Test")
        .location(folder)
        .stop_timeout(Duration::from_millis(100))
        .method("main.Do", |_| async { Ok::<_, Error>("") })
        .method("main.Echo", |input: Bytes| async move { Ok::<_, Error>(input) })
        .method("main.Len", |input: Bytes| async move { Ok::<_, Error>(input.len().to_string()) })
        .method("main.Empty", |_| async { Ok::<_, Error>("") })
        .method("main.Trigger", move |input: Bytes| {
            let server = inside.get().unwrap().clone();
            async move {
                tokio::spawn(async move {
                    while server.callbacks().is_empty() {
                        tokio::task::yield_now().await;
                    }
                    let callback = server.callbacks()[0].name.clone();
                    server.notify(&callback, input).await.unwrap();
                });
                Ok::<_, Error>("scheduled")
            }
        });
    for name in ["Sleep", "SelfStop", "Crash", "Panic", "TriggerNow", "Big"] {
        builder = builder.method(format!("main.{name}"), |_| async { Ok::<_, Error>("") });
    }
    let server = builder.build().unwrap();
    own.set(server.clone()).unwrap();
    server
}

fn recorded_response(text: &str) -> (String, String) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    // The recorder ends an empty body's line as well.
    (head.lines().next().unwrap().to_owned(), body.trim_end_matches('\n').to_owned())
}

fn method_names(body: &str) -> Vec<String> {
    let mut names: Vec<String> = serde_json::from_str(body).unwrap();
    names.retain(|name| !name.is_empty());
    names.sort();
    names
}

fn assert_as_recorded(request: &str, ours: &Response, recorded: &str) {
    let (status_line, body) = recorded_response(recorded);
    if request.starts_with("POST /a//b ") {
        assert_eq!(status_line, "HTTP/1.1 301 Moved Permanently");
        assert_eq!(ours.status(), 400);
        return;
    }
    assert_eq!(ours.status_line, status_line, "{request}");
    assert_eq!(ours.header("connection"), None, "{request}");
    assert_eq!(ours.header("content-length"), Some(ours.body.len().to_string().as_str()));
    if request.starts_with("POST /Activate ") {
        assert_eq!(method_names(ours.text()), method_names(&body));
    } else if ours.status() == 200 {
        assert_eq!(ours.text(), body, "{request}");
    }
}

#[test]
fn recorded_calls_are_answered_as_by_the_original() {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut host = Client::connect(&sock).await;
        let mut last = String::new();
        let mut compared = 0;

        for step in steps(EXECUTE) {
            match step {
                Step::HostSends(bytes) => {
                    host.send(&bytes).await;
                    last = bytes;
                }
                Step::PluginSends(bytes) => {
                    assert_as_recorded(&last, &host.response().await.unwrap(), &bytes);
                    compared += 1;
                }
                Step::PluginCloses => {
                    // The original ends without an answer to Stop; ours answers, and ends.
                    assert_eq!(host.response().await.unwrap().status_line, "HTTP/1.1 200 OK");
                    assert_eq!(host.end().await, b"");
                }
                Step::HostCloses => {}
            }
        }

        assert_eq!(compared, 14);
        server.stopped().await;
    });
}

#[test]
fn a_recorded_callback_request_is_held_answered_and_held_again() {
    for (recording, callback) in [(CALLBACK, "main.callBack"), (QUALIFIED, QUALIFIED_NAME)] {
        plays_a_callback(recording, callback);
    }
}

fn plays_a_callback(recording: &str, callback: &str) {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut host = Client::connect(&sock).await;
        let mut last = String::new();
        let mut unanswered = 0;

        for step in steps(recording) {
            match step {
                Step::HostSends(bytes) => {
                    host.send(&bytes).await;
                    last = bytes;
                    unanswered += 1;
                }
                Step::PluginSends(bytes) => {
                    assert_as_recorded(&last, &host.response().await.unwrap(), &bytes);
                    unanswered -= 1;
                }
                Step::PluginCloses | Step::HostCloses => {}
            }
        }

        // The second request for the callback, and after it the call and the stop.
        assert_eq!(unanswered, 3);
        server.notify(callback, "n2").await.unwrap();
        for text in ["n2", "behind", ""] {
            assert_eq!(host.response().await.unwrap().text(), text);
        }
        server.stopped().await;
    });
}

const ASK: &str = "POST /RegisterCallback HTTP/1.1\r\nHost: TestDo\r\nContent-Length: 15\r\n\r\n\
                   \"main.callBack\"";

#[test]
fn notifications_wait_for_the_hosts_next_request_on_any_connection() {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut host = Client::connect(&sock).await;
        host.send(ASK).await;
        while server.callbacks().is_empty() {
            tokio::task::yield_now().await;
        }
        for text in ["1", "2", "3"] {
            server.notify("main.callBack", text).await.unwrap();
        }

        assert_eq!(host.response().await.unwrap().text(), "1");
        host.send(ASK).await;
        assert_eq!(host.response().await.unwrap().text(), "2");
        drop(host);
        let is_gone = |hosts: &[RegisteredHost]| matches!(hosts, [host] if host.token.is_none() && host.protocol == 1 && !host.connected);
        while !is_gone(&server.callbacks()[0].hosts) {
            tokio::task::yield_now().await;
        }
        let mut host = Client::connect(&sock).await;
        host.send(ASK).await;

        assert_eq!(host.response().await.unwrap().text(), "3");
    });
}

#[test]
fn each_goplug_1_host_gets_every_notification() {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut hosts = [Client::connect(&sock).await, Client::connect(&sock).await];
        for host in &mut hosts {
            host.send(ASK).await;
        }
        while server.callbacks().first().is_none_or(|callback| callback.hosts.len() < 2) {
            tokio::task::yield_now().await;
        }

        server.notify("main.callBack", "news").await.unwrap();

        for host in &mut hosts {
            assert_eq!(host.response().await.unwrap().text(), "news");
        }
    });
}

#[test]
fn a_held_request_ends_without_an_answer_when_the_plugin_stops() {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut host = Client::connect(&sock).await;
        host.send(ASK).await;
        while server.callbacks().is_empty() {
            tokio::task::yield_now().await;
        }

        server.stop().await.unwrap();

        assert_eq!(host.end().await, b"");
    });
}

#[test]
fn a_host_that_goes_away_is_noticed_even_with_a_call_after_its_held_request() {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut host = Client::connect(&sock).await;
        host.send(format!("{ASK}{ASK}")).await;
        while server.callbacks().is_empty() {
            tokio::task::yield_now().await;
        }

        drop(host);

        while server.callbacks()[0].hosts[0].connected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

/// The original's hosts exit when `RegisterCallback` is refused.
#[test]
fn a_request_for_a_name_that_no_callback_can_have_is_held_until_the_plugin_stops() {
    run(async {
        let (folder, sock) = folder();
        let server = recorded_plugin(folder.path());
        server.start().await.unwrap();
        let mut hosts = Vec::new();
        for name in ["", "gap", "a;b", "a\nb", &"x".repeat(2000)] {
            let body = serde_json::to_string(name).unwrap();
            let head = "POST /RegisterCallback HTTP/1.1\r\nHost: TestDo\r\n";
            let mut host = Client::connect(&sock).await;
            host.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
            hosts.push(host);
        }
        let mut ready = Client::connect(&sock).await;
        ready.send(ASK).await;
        while server.callbacks().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.callbacks().len(), 1);
        server.notify("main.callBack", "n1").await.unwrap();
        assert_eq!(ready.response().await.unwrap().text(), "n1");

        server.stop().await.unwrap();

        for mut host in hosts {
            assert_eq!(host.end().await, b"");
        }
    });
}

/// The original's host writes its whole request before it reads, and has no second connection.
#[test]
fn the_only_connection_of_a_host_outlives_a_body_that_is_too_large() {
    run(async {
        let (folder, sock) = folder();
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(folder.path())
            .body_limit(1000)
            .method("main.Echo", |input: Bytes| async move { Ok::<_, Error>(input) })
            .build()
            .unwrap();
        server.start().await.unwrap();
        let mut host = Client::connect(&sock).await;
        host.call("Activate", &[], "").await;
        let echo = |body: &str| {
            let length = body.len();
            format!("POST /main.Echo HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        for length in [1001, 1 << 20] {
            // The next request follows at once.
            host.send(echo(&"x".repeat(length)) + &echo("short")).await;
            let refusal = host.response().await.unwrap();
            assert_eq!((refusal.status(), refusal.header("connection")), (413, None));
            assert_eq!(host.response().await.unwrap().text(), "short");
        }
        server.stop().await.unwrap();
    });
}
