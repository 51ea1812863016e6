//! Results that are streams.

use std::fs;
use std::time::Duration;

use goplug::{Bytes, CallError, Error, Policy, Registry, ResultStream};
use goplug_tests::fixtures::log::{FeedClient, Hit, Log, LogClient, SearchError};
use goplug_tests::system::exited;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::http::{open, request};
use crate::test_env::{LOG, TestEnv, WAIT_TIMEOUT, run_test, sockets, soon, until_asked};

/// The plugin with the streams, in a registry that this makes.
async fn log(env: &TestEnv) -> (Registry, LogClient) {
    log_with(env, |policy| policy).await
}

/// As [`log`], with a policy that is changed.
pub(crate) async fn log_with(
    env: &TestEnv,
    change: impl FnOnce(Policy) -> Policy,
) -> (Registry, LogClient) {
    env.install::<Log>(LOG);
    let registry = env.registry().policy(change).start().await.unwrap();
    let log = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, log)
}

/// A stop timeout of two seconds. Before its end, the plugin ends what goes on.
pub(crate) fn patient(policy: Policy) -> Policy {
    policy.stop_timeout(Duration::from_secs(2))
}

async fn next<T, E>(stream: &mut ResultStream<T, E>) -> Option<Result<T, E>> {
    soon("the next item", stream.next()).await
}

/// Every item, and the error at the end, if there is one.
pub(crate) async fn all<T, E>(mut stream: ResultStream<T, E>) -> (Vec<T>, Option<E>) {
    let mut items = Vec::new();
    loop {
        match next(&mut stream).await {
            Some(Ok(item)) => items.push(item),
            Some(Err(error)) => {
                assert!(next(&mut stream).await.is_none(), "something comes after the error");
                return (items, Some(error));
            }
            None => return (items, None),
        }
    }
}

async fn until_alive(log: &LogClient, expected: usize) {
    until_asked("the number of streams", async || log.alive().await.unwrap() == expected).await;
}

#[test]
fn all_items_arrive_in_their_order() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        for count in [0, 1, 100_000] {
            let (items, error) = all(log.count(count).await.unwrap()).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(items.len() as u64, count);
            assert!(items.into_iter().eq(0..count));
        }
    });
}

#[test]
fn an_error_comes_before_the_first_item_or_after_the_last() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let error = log.search("").await.unwrap_err();
        assert!(matches!(error, CallError::Method(SearchError::Empty)), "{error:?}");
        let hits = [1, 2].map(|line| Hit { line, text: "broken".into() });
        let (items, error) = all(log.search("broken").await.unwrap()).await;
        assert_eq!(items, hits);
        assert!(
            matches!(error, Some(CallError::Method(SearchError::Unreadable { line: 3 }))),
            "{error:?}"
        );
        let (items, error) = all(log.search("fine").await.unwrap()).await;
        assert_eq!((items.len(), error.is_none()), (3, true));
    });
}

#[test]
fn an_error_of_anyhow_arrives_as_its_text() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let Err(CallError::Method(error)) = log.words("").await else { panic!("no error") };
        assert_eq!(error.message(), "there is no text");
        let (items, error) = all(log.words("yes no yes").await.unwrap()).await;
        let Some(CallError::Method(error)) = error else { panic!("{error:?}") };
        assert_eq!((items, format!("{error:#}")), (vec!["yes".to_owned()], "a word: no".into()));
    });
}

#[test]
fn a_contract_has_streams_as_well() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let feed: FeedClient = log.plugin().client().unwrap();
        assert_eq!(all(feed.three(&7).await.unwrap()).await.0, [7, 8, 9]);
        assert_eq!(all(feed.headlines(1).await.unwrap()).await.0, ["headline 0"]);
        assert_eq!(all(feed.nothing().await.unwrap()).await.0.len(), 0);
        let error = feed.headlines(0).await.unwrap_err();
        assert!(matches!(&error, CallError::Method(text) if text == "no news"), "{error:?}");
    });
}

#[test]
fn a_stream_of_bytes_arrives_as_it_was_sent() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        for (count, size) in [(0, 0), (200, 1), (3, 0), (50, 100_000), (7, 16 << 10)] {
            let (parts, error) = all(log.chunks(count, size).await.unwrap()).await;
            assert!(error.is_none(), "{error:?}");
            let expected: Vec<u8> = (0..count).flat_map(|number| vec![number; size]).collect();
            assert!(parts.concat() == expected, "{count} chunks of {size}");
        }
    });
}

#[test]
fn a_stream_of_bytes_that_fails_is_no_short_one() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let (parts, error) = all(log.broken_chunks().await.unwrap()).await;
        assert_eq!(parts.concat(), [0; 9]);
        let Some(Error::Panicked { detail, .. }) = error else { panic!("{error:?}") };
        assert!(detail.starts_with("no more bytes (at "), "{detail}");
        assert_eq!(log.alive().await.unwrap(), 0);
    });
}

#[test]
fn a_stream_that_is_dropped_is_dropped_in_the_plugin() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let mut endless = log.endless("on and on").await.unwrap();
        let mut silent = log.silent().await.unwrap();
        assert_eq!(next(&mut endless).await.unwrap().unwrap(), "on and on");
        next(&mut silent).await.unwrap().unwrap();
        until_alive(&log, 2).await;
        drop(silent);
        until_alive(&log, 1).await;
        drop(endless);
        until_alive(&log, 0).await;
    });
}

#[test]
fn an_unread_stream_makes_its_own_method_wait_and_nothing_else() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let line = "x".repeat(1000);
        let mut unread = log.endless(&line).await.unwrap();
        next(&mut unread).await.unwrap().unwrap();
        // Another stream ends meanwhile, of as many bytes as an unbounded one would have had.
        let (parts, error) = all(log.chunks(100, 1 << 20).await.unwrap()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(parts.iter().map(Bytes::len).sum::<usize>(), 100 << 20);
        let made = log.made().await.unwrap();
        assert!(made < 4_000, "{made} lines of a kilobyte are on their way");
        // It goes on where it was.
        for _ in 0..2 * made {
            assert_eq!(next(&mut unread).await.unwrap().unwrap(), line);
        }
    });
}

#[test]
fn a_stream_that_panics_ends_with_the_panic_and_the_plugin_lives() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let (items, error) = all(log.panics().await.unwrap()).await;
        assert_eq!(items, [1]);
        let Some(Error::Panicked { method, detail }) = error else { panic!("{error:?}") };
        assert_eq!(method, "panics");
        assert!(detail.starts_with("two is too many (at tests/fixtures/log.rs:"), "{detail}");
        assert_eq!(log.alive().await.unwrap(), 0);
    });
}

/// The error of a stream whose process ends with this status after the first item.
async fn exit(env: &TestEnv, log: &LogClient, status: i32) -> Option<Error> {
    let gate = env.path("gate");
    let mut exits = log.exits(status, gate.clone()).await.unwrap();
    assert_eq!(next(&mut exits).await.unwrap().unwrap(), 1);
    fs::write(gate, "").unwrap();
    let (items, error) = all(exits).await;
    assert_eq!(items, [0; 0]);
    error
}

#[test]
fn a_crash_is_an_error_after_the_items_before_it() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let error = exit(env, &log, 3).await;
        let Some(Error::Crashed { status, may_have_executed, .. }) = error else {
            panic!("{error:?}");
        };
        assert_eq!((status, may_have_executed), (exited(3), true));
    });
}

#[test]
fn the_end_of_the_process_in_good_order_is_no_end_of_the_stream() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let error = exit(env, &log, 0).await;
        assert!(matches!(error, Some(Error::Unfinished { .. })), "{error:?}");
    });
}

#[test]
fn the_deadline_of_a_call_is_that_of_the_beginning_of_its_stream() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let impatient = log.clone().with_timeout(Duration::from_millis(100));
        let error = soon("the deadline", impatient.never()).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
        // The items may take longer.
        let gate = env.path("gate");
        let mut gated = log.clone().with_timeout(Duration::from_secs(5)).gated(gate.clone()).await;
        let gated = gated.as_mut().unwrap();
        assert_eq!(next(gated).await.unwrap().unwrap(), 1);
        fs::write(gate, "").unwrap();
        assert_eq!(next(gated).await.unwrap().unwrap(), 2);
        assert!(next(gated).await.is_none());
    });
}

#[test]
fn a_stream_that_pauses_for_longer_than_the_policy_allows_fails() {
    run_test(async |env| {
        let pause = Duration::from_millis(50);
        let (_registry, log) = log_with(env, |policy| policy.stream_idle(pause)).await;
        let (items, error) = all(log.silent().await.unwrap()).await;
        assert_eq!(items, [()]);
        let Some(error @ Error::Deadline { after, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(*after, pause);
        assert!(error.to_string().contains("stream_idle"), "{error}");
        until_alive(&log, 0).await;
    });
}

#[test]
fn an_upgrade_lets_streams_finish() {
    run_test(async |env| {
        let (registry, log) = log(env).await;
        let gate = env.path("gate");
        let mut gated = log.gated(gate.clone()).await.unwrap();
        assert_eq!(next(&mut gated).await.unwrap().unwrap(), 1);
        let before = log.plugin().process_id();
        soon("the reload", registry.reload("Log", "acme")).await.unwrap();
        assert_ne!(log.plugin().process_id(), before);
        fs::write(gate, "").unwrap();
        let (items, error) = all(gated).await;
        assert_eq!((items, error.is_none()), (vec![2], true));
    });
}

#[test]
fn the_end_of_the_drain_time_ends_a_stream_with_an_error_that_says_so() {
    run_test(async |env| {
        let brief =
            |policy: Policy| policy.drain(Duration::from_millis(50)).stop_timeout(3 * WAIT_TIMEOUT);
        let (registry, log) = log_with(env, brief).await;
        let mut silent = log.silent().await.unwrap();
        next(&mut silent).await.unwrap().unwrap();
        soon("the reload", registry.reload("Log", "acme")).await.unwrap();
        let (items, error) = all(silent).await;
        assert_eq!(items, []);
        let text = error.expect("the stream has ended").to_string();
        assert!(text.contains("the plugin is stopping"), "{text}");
        log.alive().await.unwrap();
    });
}

#[test]
fn a_stop_ends_a_stream_that_does_not_finish_with_an_error_that_says_so() {
    run_test(async |env| {
        let (_registry, log) = log_with(env, patient).await;
        let mut silent = log.silent().await.unwrap();
        next(&mut silent).await.unwrap().unwrap();
        let plugin = log.plugin().clone();
        let unload = tokio::spawn(async move { plugin.unload().await });
        let (_, error) = all(silent).await;
        let text = error.expect("the stream has ended").to_string();
        assert!(text.contains("the plugin is stopping"), "{text}");
        soon("the unload", unload).await.unwrap().unwrap();
    });
}

#[test]
fn a_handle_reads_the_items_as_bytes() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let stream = log.plugin().execute_stream("count", r#"{"to":3}"#).await.unwrap();
        let (items, error) = all(stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(items, ["0", "1", "2"]);
        let error = log.plugin().execute_stream("nothing_like_it", "").await.unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error:?}");
    });
}

#[test]
fn any_http_client_sees_the_events() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let mut client = open(&log.plugin().socket().unwrap()).await;
        // The connection can be used again.
        for _ in 0..2 {
            client.write_all(request("/count", r#"{"to":2}"#).as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n0\r\n\r\n") {
                assert!(soon("the stream", client.read_buf(&mut answer)).await.unwrap() > 0);
            }
            let text = "event: item\ndata: 0\n\nevent: item\ndata: 1\n\nevent: end\ndata: null\n\n";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                        transfer-encoding: chunked\r\n\r\n";
            let expected = format!("{head}{:x}\r\n{text}\r\n0\r\n\r\n", text.len());
            assert_eq!(String::from_utf8(answer).unwrap(), expected);
        }
    });
}

#[test]
fn the_connection_of_a_stream_serves_the_next_call() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let plugin = log.plugin();
        let process = plugin.process_id().unwrap();
        all(log.count(10).await.unwrap()).await;
        let before = sockets(process);
        for _ in 0..20 {
            all(log.count(10).await.unwrap()).await;
            log.alive().await.unwrap();
        }
        assert_eq!(sockets(process), before);
    });
}

#[test]
fn blocking_clients_iterate() {
    run_test(async |env| {
        let (_registry, log) = log(env).await;
        let blocking = LogClient::blocking(log.plugin().clone()).unwrap();
        let items: Result<Vec<u64>, Error> = blocking.count(50_000).unwrap().collect();
        assert!(items.unwrap().into_iter().eq(0..50_000));
        let error = blocking.search("").unwrap_err();
        assert!(matches!(error, CallError::Method(SearchError::Empty)), "{error:?}");
        let mut hits = blocking.search("broken").unwrap();
        assert_eq!(hits.by_ref().take(2).map(|hit| hit.unwrap().line).sum::<u32>(), 3);
        let error = hits.next().unwrap().unwrap_err();
        assert!(matches!(error, CallError::Method(SearchError::Unreadable { .. })), "{error:?}");
        assert!(hits.next().is_none());
        let bytes: Result<Vec<Bytes>, Error> = blocking.chunks(3, 100_000).unwrap().collect();
        assert_eq!(bytes.unwrap().concat().len(), 300_000);
        let mut endless = blocking.endless("x").unwrap();
        assert_eq!(endless.next().unwrap().unwrap(), "x");
        drop(endless);
        until_alive(&log, 0).await;
        let gate = env.path("gate");
        let mut exits = blocking.exits(3, gate.clone()).unwrap();
        assert_eq!(exits.next().unwrap().unwrap(), 1);
        fs::write(gate, "").unwrap();
        let error = exits.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Crashed { .. }), "{error:?}");
    });
}
