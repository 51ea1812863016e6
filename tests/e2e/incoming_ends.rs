//! How calls end whose arguments are streams, other than after the last item.

use std::time::Duration;

use goplug::{CallError, Error, Policy, RemoteError, Restart};
use goplug_tests::fixtures::intake::{IntakeClient, TakeError};
use goplug_tests::system::exited;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::incoming::{Iter, fed, intake, intake_with, line, until_alive};
use crate::streams::patient;
use crate::test_env::{WAIT_TIMEOUT, run_test, soon, until_asked};

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
        assert_eq!((status, may_have_executed), (exited(3), true));
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
        // The drain time counts, and not the time that the stop may take after it.
        let brief =
            |policy: Policy| policy.drain(Duration::from_millis(50)).stop_timeout(3 * WAIT_TIMEOUT);
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
