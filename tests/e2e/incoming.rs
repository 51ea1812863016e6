//! Arguments that are streams.

use std::fs;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use goplug::{Bytes, CallError, Error, Registry, RegistryBuilder, RemoteError, Restart, Stream};
use goplug_tests::fixtures::intake::{FilterClient, Intake, IntakeClient, Line, TakeError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::streams::{all, patient};
use crate::test_env::{INTAKE, TestEnv, run_test, sockets, soon, until_asked};

/// The plugin that takes streams, in a registry that this makes.
pub(crate) async fn intake(env: &TestEnv) -> (Registry, IntakeClient) {
    intake_with(env, |registry| registry).await
}

/// As [`intake`], in a registry that is changed before it starts.
async fn intake_with(
    env: &TestEnv,
    change: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
) -> (Registry, IntakeClient) {
    env.install::<Intake>(INTAKE);
    let registry = change(env.registry()).start().await.unwrap();
    let intake = registry.client().await.unwrap();
    env.note_runtime_folder(&registry);
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

fn line(number: u64) -> Line {
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
        let error = filter.matching("", Iter([].into_iter())).await.unwrap_err();
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
        let error = intake.digest(&"ä".repeat(10_000), Iter([].into_iter())).await.unwrap_err();
        assert!(error.to_string().contains("longer than 32768 bytes"), "{error}");
    });
}

#[test]
fn an_answer_before_the_last_item_ends_the_call() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        // The stream never ends by itself.
        let sum = soon("the answer", intake.take(3, Iter(1..))).await.unwrap();
        assert_eq!(sum, 6);
        let (sender, numbers) = fed();
        sender.send(4).unwrap();
        sender.send(5).unwrap();
        assert_eq!(soon("the answer", intake.take(2, numbers)).await.unwrap(), 9);
        assert!(sender.send(6).is_err(), "the stream was not dropped");
        // So does an error.
        let lines = Iter((0..).map(|number| line(2 * number)));
        let error = soon("the error", intake.ingest(0, lines)).await.unwrap_err();
        let CallError::Method(error) = error else { panic!("{error:?}") };
        assert_eq!(error, TakeError::OutOfOrder { number: 2 });
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
        let parts = (0..100_u32).map(move |number| {
            count.send(number).unwrap();
            Bytes::from(vec![7; 1 << 20])
        });
        let call =
            tokio::spawn(
                async move { reading.held_bytes(held.to_str().unwrap(), Iter(parts)).await },
            );
        until_alive(&intake, 1).await;
        // Other streams and calls of as many bytes end meanwhile.
        let parts = (0..100_u32).map(|_| Bytes::from(vec![1; 1 << 20]));
        let (_, bytes, _) = intake.digest("other", Iter(parts)).await.unwrap();
        assert_eq!(bytes, 100 << 20);
        let mut made = 0;
        while counted.try_recv().is_ok() {
            made += 1;
        }
        assert!((1..=4).contains(&made), "{made} parts of a megabyte are on their way");
        fs::write(gate, "").unwrap();
        assert_eq!(soon("the call", call).await.unwrap().unwrap(), 100 << 20);
    });
}

#[test]
fn a_caller_that_gives_up_ends_the_method_and_its_stream() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let (sender, numbers) = fed();
        let reading = intake.clone();
        let watched = tokio::spawn(async move { reading.watched(numbers).await });
        sender.send(1).unwrap();
        let (iterating, iterated) = fed();
        let reading = intake.clone();
        let iterated = tokio::spawn(async move { reading.iterated(1, iterated).await });
        iterating.send(1).unwrap();
        // This one does not read, and there is more than what is read ahead.
        let (gate, reading) = (env.path("never"), intake.clone());
        let held =
            tokio::spawn(async move { reading.held(gate.to_str().unwrap(), Iter(0..)).await });
        until_alive(&intake, 3).await;
        until_asked("the items", async || intake.read().await.unwrap() == 2).await;
        for call in [watched, held] {
            call.abort();
        }
        iterated.abort();
        until_alive(&intake, 0).await;
        assert!(sender.send(2).is_err(), "the stream was not dropped");
        // A thread cannot be dropped: it is told.
        let ends = intake.ends().await.unwrap();
        assert_eq!(ends.len(), 1, "{ends:?}");
        assert!(ends[0].contains("cut off"), "{ends:?}");
    });
}

#[test]
fn a_panic_is_an_error_and_the_plugin_lives() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let error = soon("the panic", intake.panics_at(3, Iter(0..))).await.unwrap_err();
        let Error::Panicked { method, detail } = error else { panic!("{error:?}") };
        assert_eq!(method, "panics_at");
        assert!(detail.contains("this number is too much"), "{detail}");
        assert_eq!(intake.take(1, Iter(7..8)).await.unwrap(), 7);
    });
}

#[test]
fn a_crash_is_an_error_and_the_call_is_not_made_again() {
    run_test(async |env| {
        let (_registry, intake) = intake_with(env, |it| it.restart(Restart::permanent())).await;
        let error = soon("the crash", intake.exits_at(3, Iter(0..))).await.unwrap_err();
        let Error::Crashed { status, may_have_executed, .. } = error else { panic!("{error:?}") };
        assert_eq!((status.as_str(), may_have_executed), ("exit status: 3", true));
        assert_eq!(intake.take(1, Iter(7..8)).await.unwrap(), 7);
    });
}

#[test]
fn the_time_of_a_call_begins_after_its_last_item() {
    run_test(async |env| {
        let (_registry, intake) = intake(env).await;
        let impatient = intake.clone().with_timeout(Duration::from_millis(300));
        let (sender, numbers) = fed();
        let reading = impatient.clone();
        let call = tokio::spawn(async move { reading.watched(numbers).await });
        let began = std::time::Instant::now();
        // Longer than the whole call may take.
        while began.elapsed() < Duration::from_millis(500) {
            sender.send(1).unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(sender);
        soon("the sum", call).await.unwrap().unwrap();
        let error = soon("the deadline", impatient.silent_after(Iter(0..3))).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { may_have_executed: true, .. }), "{error:?}");
        // A plugin that takes nothing for that long is late as well.
        let gate = env.path("never");
        let error = soon("the deadline", impatient.held(gate.to_str().unwrap(), Iter(0..)))
            .await
            .unwrap_err();
        let CallError::Goplug(Error::Deadline { .. }) = error else { panic!("{error:?}") };
        until_alive(&intake, 0).await;
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

/// A call that has read the number 1, and what feeds it further ones.
async fn watched(
    intake: &IntakeClient,
) -> (mpsc::UnboundedSender<u64>, JoinHandle<Result<u64, CallError<RemoteError>>>) {
    let (sender, numbers) = fed();
    let reading = intake.clone();
    let call = tokio::spawn(async move { reading.watched(numbers).await });
    sender.send(1).unwrap();
    until_asked("the item", async || intake.read().await.unwrap() == 1).await;
    (sender, call)
}

#[test]
fn an_upgrade_lets_streams_finish() {
    run_test(async |env| {
        let (registry, intake) = intake(env).await;
        let (sender, call) = watched(&intake).await;
        let before = intake.plugin().process_id();
        soon("the reload", registry.reload("Intake", "acme")).await.unwrap();
        assert_ne!(intake.plugin().process_id(), before);
        sender.send(2).unwrap();
        drop(sender);
        assert_eq!(soon("the sum", call).await.unwrap().unwrap(), 3);
    });
}

#[test]
fn the_end_of_the_drain_time_ends_a_method_whose_stream_does_not() {
    run_test(async |env| {
        let brief = |policy| patient(policy).drain(Duration::from_millis(50));
        let (registry, intake) = intake_with(env, |it| it.policy(brief)).await;
        let (_sender, call) = watched(&intake).await;
        soon("the reload", registry.reload("Intake", "acme")).await.unwrap();
        let error = soon("the end of the call", call).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("the plugin is stopping"), "{error}");
    });
}

#[test]
fn a_stop_ends_a_method_whose_stream_does_not() {
    run_test(async |env| {
        let (_registry, intake) = intake_with(env, |it| it.policy(patient)).await;
        let (_sender, call) = watched(&intake).await;
        let plugin = intake.plugin().clone();
        let unload = tokio::spawn(async move { plugin.unload().await });
        let error = soon("the end of the call", call).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("the plugin is stopping"), "{error}");
        soon("the unload", unload).await.unwrap().unwrap();
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
        assert_eq!(blocking.watched([]).unwrap(), 0);
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
