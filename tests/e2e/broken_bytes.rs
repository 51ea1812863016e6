//! Streams of bytes that fail: the reader gets the method's own error, and at once.

use goplug::testing::InProcess;
use goplug::{Bytes, CallError, Caller, Error, limits};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorBlockingClient, CalculatorClient};
use goplug_tests::fixtures::intake::{Intake, IntakeBlockingClient, IntakeClient};

use crate::curl::{self, Printed};
use crate::http::Connection;
use crate::incoming::{Iter, fed, intake};
use crate::streams::all;
use crate::test_env::{run_test, soon};

const RUIN: &str = "the disk is \u{e4} ruin";

async fn fail_typed<C: Caller>(calculator: &CalculatorClient<C>) {
    for (count, size) in [(1, 1), (3, 100_000)] {
        let stream = calculator.chunks_and_fail(count, size).await.unwrap();
        let (parts, error) = soon("the end", all(stream)).await;
        let expected: Vec<_> = (0..count).flat_map(|number| vec![number; size]).collect();
        assert_eq!(parts.concat(), expected);
        assert!(matches!(&error, Some(CallError::Method(text)) if text == RUIN), "{error:?}");
    }
    let error = calculator.chunks_and_fail(0, 1).await.unwrap_err();
    assert!(matches!(&error, CallError::Method(text) if text == "no bytes"), "{error:?}");
}

#[test]
fn the_error_of_a_stream_of_bytes_is_typed() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        fail_typed(&calculator).await;
        fail_typed(&InProcess::new(Calculator::default()).client().unwrap()).await;
        let blocking = goplug::blocking::Plugin::from(calculator.plugin().clone());
        let read = move || {
            let calculator = CalculatorBlockingClient::new(blocking).unwrap();
            let items: Vec<_> = calculator.chunks_and_fail(2, 5).unwrap().collect();
            assert!(matches!(items.last(), Some(Err(CallError::Method(text))) if text == RUIN));
        };
        tokio::task::spawn_blocking(read).await.unwrap();
        // The plugin serves on.
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
    });
}

#[test]
fn a_client_that_knows_no_trailers_does_not_take_it_for_whole() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let arguments = ["-d", r#"{"count":2,"size":3}"#];
        let printed = curl::call(calculator.plugin(), "chunks_and_fail", &arguments).await;
        let Some(Printed { text, is_whole }) = printed else { return };
        assert_eq!((text.as_bytes(), is_whole), (&[0, 0, 0, 1, 1, 1][..], false));
    });
}

async fn post_bytes(intake: &IntakeClient, trailers: &str) -> String {
    let mut client = Connection::open(&intake.plugin().socket().unwrap()).await;
    let head = "POST /measure HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(format!("{head}3\r\nabc\r\n0\r\n{trailers}\r\n")).await;
    client.response().await.unwrap().body
}

#[test]
fn the_sender_of_bytes_may_say_why_it_fails() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        assert_eq!(post_bytes(&intake, "").await, "3");
        assert_eq!(post_bytes(&intake, "Other: x\r\n").await, "3");
        for (trailer, reason) in [
            (r#"Goplug-Error: {"detail":"the tape tore"}"#, "the tape tore"),
            ("goplug-error:", "its sender failed"),
        ] {
            let body = post_bytes(&intake, &format!("Other: x\r\n{trailer}\r\n")).await;
            assert!(body.contains("stream") && body.contains(reason), "{body}");
        }
    });
}

/// Bytes, and then a failure.
fn torn<T: From<Vec<u8>>>(
    parts: usize,
    size: usize,
) -> impl Iterator<Item = Result<T, &'static str>> + Send {
    let bytes = (0..parts).map(move |_| Ok(vec![1; size].into()));
    bytes.chain(std::iter::from_fn(|| Some(Err("the t\u{e4}pe tore"))))
}

/// What every method says that reads a stream to its failure.
const TORN: &str = "the caller's stream has failed: the t\u{e4}pe tore";

async fn send_torn<C: Caller>(intake: &IntakeClient<C>) {
    for (parts, size) in [(0, 0), (1, 1), (3, 100_000)] {
        let error = soon("the answer", intake.digest("x", Iter(torn::<Bytes>(parts, size)))).await;
        let text = error.unwrap_err().to_string();
        assert!(text.contains(TORN), "{text}");
        let size = soon("the answer", intake.measure(Iter(torn::<Vec<u8>>(parts, size)))).await;
        assert!(matches!(&size, Err(CallError::Method(text)) if text == TORN), "{size:?}");
    }
    // Values fail alike, and a failure may come after a pause.
    let (sender, numbers) = fed();
    let sum = intake.watched(numbers);
    let feed = async {
        sender.send(Ok(1_u64)).unwrap();
        tokio::task::yield_now().await;
        sender.send(Err(anyhow::anyhow!("no power").context("the tape stopped"))).unwrap();
    };
    let (sum, ()) = tokio::join!(soon("the answer", sum), feed);
    let text = sum.unwrap_err().to_string();
    assert!(text.contains("has failed: the tape stopped: no power"), "{text}");
    assert_eq!(intake.watched(Iter(0..4)).await.unwrap(), 6);
}

#[test]
fn a_callers_stream_that_fails_tells_the_method_why() {
    run_test(async |env| {
        let (_registry, remote) = intake(env).await;
        send_torn(&remote).await;
        send_torn(&InProcess::new(Intake::default()).client().unwrap()).await;
        let blocking = goplug::blocking::Plugin::from(remote.plugin().clone());
        let send = move || {
            let intake = IntakeBlockingClient::new(blocking).unwrap();
            for size in [1, 100_000] {
                let error = intake.measure(torn::<Vec<u8>>(2, size)).unwrap_err();
                assert!(matches!(&error, CallError::Method(text) if text == TORN), "{error:?}");
            }
            assert_eq!(intake.measure([vec![1, 2]]).unwrap(), 2);
        };
        tokio::task::spawn_blocking(send).await.unwrap();
    });
}

#[test]
fn an_error_that_is_no_trailer_keeps_the_beginning_of_its_text() {
    run_test(async |env| {
        let (_registry, excess) = crate::excess::remote(env).await;
        for size in [100, limits::MAX_TRAILER, 1 << 20] {
            let (parts, error) = all(excess.fails_bytes(size).await.unwrap()).await;
            assert_eq!(parts.concat(), b"abc");
            match error.unwrap() {
                CallError::Method(text) => assert_eq!((size, text.len()), (100, 100)),
                CallError::Goplug(error @ Error::Method(_)) => {
                    assert!(size > 100);
                    assert!(error.to_string().contains("\u{e4}\u{e4}\u{e4}"), "{error}");
                }
                error => panic!("{error:?}"),
            }
        }
    });
}
