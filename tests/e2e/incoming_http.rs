//! Arguments that are streams, of any HTTP client, and of those that break them off.

use goplug_tests::fixtures::intake::IntakeClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::curl;
use crate::http::{Connection, open};
use crate::incoming::{intake, until_alive};
use crate::test_env::{run_test, soon};

const ITEMS: &str = "event: item\ndata: 1\n\nevent: item\r\ndata: 20\r\n\r\n";
const END: &str = "event: end\ndata: null\n\n";

async fn connect(intake: &IntakeClient) -> Connection {
    Connection::open(&intake.plugin().socket().unwrap()).await
}

/// The head of a call whose body is chunked.
fn head(method: &str) -> String {
    format!("POST /{method} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

#[test]
fn a_body_may_be_in_chunks_or_have_a_length_and_need_no_arguments() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let mut client = connect(&intake).await;
        let arguments = "event: arguments\ndata: {\"by\":2}\n\n";
        for events in [
            format!("{ITEMS}{END}"),
            format!("{arguments}{ITEMS}{END}"),
            format!(
                ": a comment\n\nevent: other\ndata: 1\n\n{ITEMS}: more\n\n{arguments}{END}{ITEMS}"
            ),
        ] {
            // The connection serves all of them.
            let answer = client.post("/watched", &events).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "21"), "{events}");
            let bytes: Vec<_> = events.chars().map(|c| chunk(&c.to_string())).collect();
            client.send(format!("{}{}0\r\n\r\n", head("watched"), bytes.concat())).await;
            let answer = client.response().await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (200, "21"), "{events}");
        }
        let answer = client.post("/iterated", &format!("{arguments}{ITEMS}{END}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "42"));
    });
}

#[test]
fn arguments_that_do_not_decode_are_refused_before_the_items() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let mut client = connect(&intake).await;
        let arguments = "event: arguments\ndata: {\"by\":\"two\"}\n\n";
        client.send(format!("{}{}", head("iterated"), chunk(arguments))).await;
        let answer = client.response().await.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("invalid-arguments") && answer.body.contains("`by`"));
        assert!(client.response().await.is_none());
        // A body without an event is none.
        let answer = connect(&intake).await.post("/watched", "").await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("a stream of events"), "{}", answer.body);
    });
}

#[test]
fn a_stream_that_is_cut_off_is_an_error_of_the_method_wherever_that_happens() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let whole = chunk(ITEMS);
        for (body, reason) in [
            // The body ends, or is no body.
            (format!("{whole}0\r\n\r\n"), "without the event `end`"),
            (format!("{whole}{}0\r\n\r\n", chunk("event: end\nda")), "without the event `end`"),
            (format!("{whole}five\r\n"), "its body is not valid"),
            (format!("{whole}{}", chunk("event: error\ndata: {\"detail\":\"oh\"}\n\n")), "oh"),
            (format!("{whole}{}", chunk("event: error\ndata: no\n\n")), "its sender failed"),
            (format!("{whole}{}", chunk("event: item\ndata: x\n\n")), "is not a `u64`"),
        ] {
            let mut client = connect(&intake).await;
            client.send(format!("{}{body}", head("watched"))).await;
            let answer = client.response().await.unwrap();
            assert_eq!(answer.status, 422, "{answer:?}");
            let ends = intake.ends().await.unwrap();
            assert!(ends.len() == 1 && ends[0].contains(reason), "{ends:?}, not {reason}");
        }
    });
}

#[test]
fn a_caller_that_goes_away_ends_the_method_wherever_that_happens() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        for body in
            [String::new(), whole(), format!("{}5\r\nev", whole()), format!("{}0\r\n", whole())]
        {
            for method in ["watched", "iterated", "echo"] {
                let mut client = connect(&intake).await;
                let by = chunk("event: arguments\ndata: {\"by\":2}\n\n");
                client.send(format!("{}{by}{body}", head(method))).await;
                until_alive(&intake, 1).await;
                drop(client);
                until_alive(&intake, 0).await;
                assert!(!intake.ends().await.unwrap().contains(&"complete".to_owned()));
            }
        }
    });
}

fn whole() -> String {
    chunk(ITEMS)
}

#[test]
fn an_early_answer_is_read_by_a_client_that_sends_on() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let socket = intake.plugin().socket().unwrap();
        let mut client = open(&socket).await;
        let arguments = chunk("event: arguments\ndata: {\"count\":2}\n\n");
        client.write_all(format!("{}{arguments}", head("take")).as_bytes()).await.unwrap();
        // More than the plugin and the socket hold.
        let items = whole().repeat(100);
        for _ in 0..500 {
            client.write_all(items.as_bytes()).await.unwrap();
        }
        let mut answer = String::new();
        soon("the answer", client.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("21"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    });
}

#[test]
fn a_request_behind_a_stream_is_answered_after_it() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let mut client = connect(&intake).await;
        let call = format!("{}{}0\r\n\r\n", head("watched"), chunk(&format!("{ITEMS}{END}")));
        client.send(format!("{call}{call}{}", crate::http::request("/alive", ""))).await;
        for expected in ["21", "21", "0"] {
            let answer = client.response().await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (200, expected));
        }
    });
}

#[test]
fn a_client_that_waits_for_leave_to_send_gets_it() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let socket = intake.plugin().socket().unwrap();
        let mut client = open(&socket).await;
        let head = head("watched").replace("Host: x", "Host: x\r\nExpect: 100-continue");
        client.write_all(head.as_bytes()).await.unwrap();
        let mut interim = [0; 25];
        soon("the leave", client.read_exact(&mut interim)).await.unwrap();
        assert_eq!(interim, *b"HTTP/1.1 100 Continue\r\n\r\n");
        let body = format!("{}0\r\n\r\n", chunk(&format!("{ITEMS}{END}")));
        client.write_all(body.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n21") {
            assert!(soon("the answer", client.read_buf(&mut answer)).await.unwrap() > 0);
        }
    });
}

#[test]
fn bytes_have_their_arguments_in_the_head() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let mut client = connect(&intake).await;
        let head = head("digest")
            .replace("Host: x", "Host: x\r\nGoplug-Arguments: {\"name\":\"\\u00e4\"}");
        client.send(format!("{head}{}{}0\r\n\r\n", chunk("ab"), chunk("c"))).await;
        let answer = client.response().await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "[\"ä\",3,294]"));
        let answer = client.post("/digest", "abc").await;
        assert!(answer.body.contains("`name`"), "{}", answer.body);
        // One that is cut off is no short one.
        let mut client = connect(&intake).await;
        client.send(format!("{head}{}five\r\n", chunk("ab"))).await;
        let answer = client.response().await.unwrap();
        assert_eq!(answer.status, 422, "{answer:?}");
    });
}

#[test]
fn curl_sends_a_stream() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let events = env.path("events");
        std::fs::write(&events, format!("{ITEMS}{END}")).unwrap();
        let input = std::fs::File::open(events).unwrap().into();
        let options = ["-X", "POST", "-T", "-"];
        let printed = curl::call_with_input(input, intake.plugin(), "watched", &options).await;
        assert_eq!(printed.map_or("21".into(), |printed| printed.text), "21");
    });
}
