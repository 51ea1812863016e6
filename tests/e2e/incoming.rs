//! Arguments that are streams.

use std::fs;
use std::pin::Pin;
use std::task::{Context, Poll};

use goplug::{Bytes, CallError, Error, Registry, RegistryBuilder, Stream};
use goplug_tests::fixtures::intake::{FilterClient, Intake, IntakeClient, Line};
use tokio::sync::mpsc;

use crate::streams::all;
use crate::test_env::{INTAKE, TestEnv, run_test, sockets, soon, until_asked};

/// The plugin that takes streams, in a registry that this makes.
pub(crate) async fn intake(env: &TestEnv) -> (Registry, IntakeClient) {
    intake_with(env, |registry| registry).await
}

/// As [`intake`], in a registry that is changed before it starts.
pub(crate) async fn intake_with(
    env: &TestEnv,
    change: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
) -> (Registry, IntakeClient) {
    env.install::<Intake>(INTAKE);
    let registry = change(env.registry()).start().await.unwrap();
    let intake = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, intake)
}

/// A stream of what is sent to it.
pub(crate) struct Fed<T>(mpsc::UnboundedReceiver<T>);

pub(crate) fn fed<T>() -> (mpsc::UnboundedSender<T>, Fed<T>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Fed(receiver))
}

impl<T> Stream for Fed<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(cx)
    }
}

/// A stream that is always ready.
pub(crate) struct Iter<I>(pub(crate) I);

impl<I: Iterator + Unpin> Stream for Iter<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

pub(crate) fn line(number: u64) -> Line {
    Line { number, text: format!("line \"{number}\"\n of ä log") }
}

pub(crate) async fn until_alive(intake: &IntakeClient, expected: usize) {
    until_asked("the number of methods", async || intake.alive().await.unwrap() == expected).await;
}

#[test]
fn all_items_arrive_in_their_order() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        for count in [0, 1, 3, 100_000] {
            let lines = Iter((5..5 + count).map(line));
            assert_eq!(intake.ingest(5, lines).await.unwrap(), count);
        }
    });
}

#[test]
fn items_are_read_as_they_come() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (sender, numbers) = fed();
        let reading = intake.clone();
        let call = tokio::spawn(async move { reading.watched(numbers).await });
        for number in 1..=5 {
            sender.send(number as u64).unwrap();
            until_asked("the item", async || intake.read().await.unwrap() == number).await;
        }
        drop(sender);
        assert_eq!(soon("the sum", call).await.unwrap().unwrap(), 15);
        assert_eq!(intake.ends().await.unwrap(), ["complete"]);
    });
}

#[test]
fn a_method_that_iterates_runs_on_a_thread() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (sender, numbers) = fed();
        let reading = intake.clone();
        let call = tokio::spawn(async move { reading.iterated(2, numbers).await });
        sender.send(1).unwrap();
        until_asked("the item", async || intake.read().await.unwrap() == 1).await;
        sender.send(20).unwrap();
        drop(sender);
        assert_eq!(soon("the sum", call).await.unwrap().unwrap(), 42);
        assert_eq!(
            intake.measure(Iter([vec![0; 7], vec![0; 100_000]].into_iter())).await.unwrap(),
            100_007
        );
    });
}

#[test]
fn a_contract_takes_streams_as_well() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let filter: FilterClient = intake.plugin().client().unwrap();
        assert_eq!(filter.count(Iter((0..7).map(line))).await.unwrap(), 7);
        assert_eq!(
            filter.measured(Iter(["a", "b"].map(str::to_owned).into_iter())).await.unwrap(),
            2
        );
        let matching = filter.matching("5", Iter((0..60).map(line))).await.unwrap();
        let (lines, error) = all(matching).await;
        assert!(error.is_none(), "{error:?}");
        let numbers: Vec<_> = lines.into_iter().map(|line| line.number).collect();
        assert_eq!(numbers, [5, 15, 25, 35, 45, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
        let error = filter.matching("", Iter(std::iter::empty::<Line>())).await.unwrap_err();
        assert!(matches!(&error, CallError::Method(text) if text.contains("nothing")), "{error:?}");
    });
}

#[test]
fn bytes_travel_as_they_are_beside_other_arguments() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let name = "ä \"name\"\n".to_owned();
        for (count, size) in [(0, 0), (1, 1), (200, 1), (3, 0), (50, 100_000), (7, 16 << 10)] {
            let parts = (0..count).map(move |number: u8| Bytes::from(vec![number; size]));
            let sum: usize = (0..count).map(|number| usize::from(number) * size).sum();
            let digest = intake.digest(&name, Iter(parts)).await.unwrap();
            let bytes = u64::from(count) * size as u64;
            assert_eq!(digest, (name.clone(), bytes, sum as u64), "{count} parts of {size}");
        }
    });
}

#[test]
fn arguments_that_no_head_has_room_for_are_an_error() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let error = intake
            .digest(&"ä".repeat(10_000), Iter(std::iter::empty::<Bytes>()))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("longer than 32768 bytes"), "{error}");
    });
}

#[test]
fn the_connection_of_a_stream_that_was_read_serves_the_next_call() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let process = intake.plugin().process_id().unwrap();
        intake.watched(Iter(0..10)).await.unwrap();
        let before = sockets(process);
        for _ in 0..20 {
            intake.watched(Iter(0..10)).await.unwrap();
            // What comes after the numbers has been received and was not read.
            intake.take(10, Iter(0..10)).await.unwrap();
            all(intake.echo(Iter(0..10)).await.unwrap()).await;
            intake.alive().await.unwrap();
        }
        assert_eq!(sockets(process), before);
    });
}

#[test]
fn a_caller_waits_while_the_method_does_not_read_and_nobody_else_does() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let gate = env.path("gate");
        let (made, reading, held) = (mpsc::unbounded_channel(), intake.clone(), gate.clone());
        let (count, mut counted) = made;
        let parts = (0..20_u32).map(move |number| {
            count.send(number).unwrap();
            Bytes::from(vec![7; 1 << 20])
        });
        let call =
            tokio::spawn(
                async move { reading.held_bytes(held.to_str().unwrap(), Iter(parts)).await },
            );
        until_alive(&intake, 1).await;
        // Other streams and calls of as many bytes end meanwhile.
        let parts = (0..20_u32).map(|_| Bytes::from(vec![1; 1 << 20]));
        let (_, bytes, _) = intake.digest("other", Iter(parts)).await.unwrap();
        assert_eq!(bytes, 20 << 20);
        let mut made = 0;
        while counted.try_recv().is_ok() {
            made += 1;
        }
        assert!((1..=4).contains(&made), "{made} parts of a megabyte are on their way");
        fs::write(gate, "").unwrap();
        assert_eq!(soon("the call", call).await.unwrap().unwrap(), 20 << 20);
    });
}

#[test]
fn each_item_is_answered_before_the_next_is_sent() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (sender, numbers) = fed();
        let mut echo = intake.echo(numbers).await.unwrap();
        for number in 0..1000 {
            sender.send(number).unwrap();
            let answer = soon("the answer", echo.next()).await.unwrap().unwrap();
            assert_eq!(answer, number);
        }
        drop(sender);
        assert!(soon("the end", echo.next()).await.is_none());
        until_alive(&intake, 0).await;
    });
}

#[test]
fn much_goes_both_ways_at_once() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (items, error) = all(intake.echo(Iter(0..200_000)).await.unwrap()).await;
        assert!(error.is_none(), "{error:?}");
        assert!(items.into_iter().eq(0..200_000));
        let parts = (0..100_u8).map(|number| vec![number; 100_000]);
        let (parts, error) = all(intake.mirror(Iter(parts)).await.unwrap()).await;
        assert!(error.is_none(), "{error:?}");
        let expected: Vec<u8> = (0..100_u8).flat_map(|number| vec![number; 100_000]).collect();
        assert!(parts.concat() == expected);
    });
}

#[test]
fn a_conversation_that_is_dropped_ends_on_both_sides() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (sender, numbers) = fed();
        let mut echo = intake.echo(numbers).await.unwrap();
        sender.send(1).unwrap();
        assert_eq!(soon("the answer", echo.next()).await.unwrap().unwrap(), 1);
        until_alive(&intake, 1).await;
        drop(echo);
        until_alive(&intake, 0).await;
        assert!(sender.send(2).is_err(), "the stream was not dropped");
        // Also if nobody reads the answers to an endless stream.
        let mut unread = intake.echo(Iter(0..)).await.unwrap();
        assert_eq!(soon("the answer", unread.next()).await.unwrap().unwrap(), 0);
        until_alive(&intake, 1).await;
        drop(unread);
        until_alive(&intake, 0).await;
    });
}

#[test]
fn a_result_may_end_before_its_arguments_do() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let filter: FilterClient = intake.plugin().client().unwrap();
        let lines = (0..).map(|number| {
            let text = if number == 5 { "stop".to_owned() } else { "go".to_owned() };
            Line { number, text }
        });
        let (lines, error) = all(filter.matching("go", Iter(lines)).await.unwrap()).await;
        assert_eq!(lines.len(), 5);
        assert!(matches!(&error, Some(CallError::Method(text)) if text == "line 5"), "{error:?}");
    });
}

#[test]
fn an_item_that_cannot_be_sent_is_an_error_of_the_call() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (sender, numbers) = fed();
        let mut request =
            goplug::CallRequest::new("watched", Bytes::new(), goplug::raw::MediaType::Json);
        request.items = Some(goplug::raw::RequestItems::json(numbers));
        let plugin = intake.plugin().clone();
        let call = tokio::spawn(async move { goplug::Caller::call(&plugin, request).await });
        for item in ["1", "2", "\"three\""] {
            sender.send(Bytes::from(item)).unwrap();
        }
        let error = soon("the error", call).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("an item of the stream is not a `u64`"), "{error}");
    });
}

#[test]
fn blocking_clients_send_what_an_iterator_has() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let blocking = IntakeClient::blocking(intake.plugin().clone()).unwrap();
        assert_eq!(blocking.ingest(0, (0..50_000).map(line)).unwrap(), 50_000);
        assert_eq!(blocking.take(2, 20..).unwrap(), 41);
        assert_eq!(blocking.watched(Vec::<u64>::new()).unwrap(), 0);
        let parts = (0..50_u8).map(|number| Bytes::from(vec![number; 100_000]));
        assert_eq!(blocking.digest("x", parts).unwrap().1, 5_000_000);
        let items: Result<Vec<u64>, Error> = blocking.echo(0..100_000).unwrap().collect();
        assert!(items.unwrap().into_iter().eq(0..100_000));
        let mut endless = blocking.echo(0..).unwrap();
        assert_eq!(endless.next().unwrap().unwrap(), 0);
        drop(endless);
        until_alive(&intake, 0).await;
        let error = blocking.exits_at(3, 0..).unwrap_err();
        assert!(matches!(error, Error::Crashed { .. }), "{error:?}");
    });
}
