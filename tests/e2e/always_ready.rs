//! Streams whose items are always ready: what goes on beside them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goplug::CallError;
use goplug_tests::fixtures::intake::{FilterClient, IntakeClient, Line, TakeError};
use goplug_tests::fixtures::log::{Log, LogClient};

use crate::incoming::{Iter, intake};
use crate::streams::all;
use crate::test_env::{LOG, run_test, soon, until_asked};

/// How many lines a caller may make before it notices an answer to the first. They are 32 MiB.
const LINES: usize = 32 << 10;

/// Lines without end that count themselves. Their numbers are even.
fn lines() -> (Arc<AtomicUsize>, impl Iterator<Item = Line> + Send) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let lines = (0..).map(move |number| {
        count.fetch_add(1, Ordering::Relaxed);
        Line { number: 2 * number, text: "x".repeat(1 << 10) }
    });
    (made, lines)
}

fn assert_few(made: &AtomicUsize) {
    let made = made.load(Ordering::Relaxed);
    assert!(made < LINES, "{made} lines were made");
}

#[test]
fn a_caller_that_never_waits_for_an_item_sees_an_early_answer() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (made, endless) = lines();
        let error = soon("the error", intake.ingest(0, Iter(endless))).await.unwrap_err();
        let CallError::Method(error) = error else { panic!("{error:?}") };
        assert_eq!(error, TakeError::OutOfOrder { number: 2 });
        assert_few(&made);

        let blocking = IntakeClient::blocking(intake.plugin().clone()).unwrap();
        let (made, endless) = lines();
        let error = blocking.ingest(0, endless).unwrap_err();
        assert!(matches!(error, CallError::Method(TakeError::OutOfOrder { .. })), "{error:?}");
        assert_few(&made);
    });
}

#[test]
fn a_caller_that_never_waits_for_an_item_sees_the_early_end_of_a_stream() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let filter: FilterClient = intake.plugin().client().unwrap();
        let (made, endless) = lines();
        let stop = [Line { number: 1, text: "stop".into() }];
        let matching = filter.matching("y", Iter(stop.into_iter().chain(endless))).await.unwrap();
        let (lines, error) = all(matching).await;
        assert!(lines.is_empty());
        assert!(matches!(&error, Some(CallError::Method(text)) if text == "line 1"), "{error:?}");
        assert_few(&made);
    });
}

#[test]
fn other_calls_are_answered_beside_a_stream_that_never_waits() {
    run_test(async |env| {
        env.install::<Log>(LOG);
        let registry = env.registry().start().await.unwrap();
        let log: LogClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let mut busy = log.busy().await.unwrap();
        let reading = tokio::spawn(async move {
            for expected in 0.. {
                assert_eq!(busy.next().await.unwrap().unwrap(), expected);
            }
        });
        for _ in 0..3 {
            assert_eq!(soon("the answer", log.alive()).await.unwrap(), 1);
        }
        reading.abort();
        until_asked("the end", async || log.alive().await.unwrap() == 0).await;
    });
}
