//! Streams and calls that go on when their plugin is stopped: they are cut off, and that is no crash.

use std::sync::Arc;
use std::time::Duration;

use goplug::{Error, Registry};
use goplug_tests::fixtures::intake::{Intake, IntakeClient};
use goplug_tests::fixtures::log::{Log, LogClient};
use goplug_tests::fixtures::report::ReportClient;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::incoming::{Iter, fed};
use crate::services::Pool;
use crate::streams::{all, patient};
use crate::test_env::{INTAKE, LOG, REPORT, TestEnv, WAIT_TIMEOUT, run_test, soon, until_asked};

/// Both plugins with streams, in a registry that stops them sooner than they would by themselves.
async fn both(env: &TestEnv) -> (Registry, LogClient, IntakeClient) {
    env.install::<Log>(LOG);
    env.install::<Intake>(INTAKE);
    let registry = env.registry().policy(patient).start().await.unwrap();
    let log = registry.client().await.unwrap();
    let intake = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, log, intake)
}

/// The plugin itself has cut off a call that ended in this error.
fn assert_cut_off(what: &str, error: &Error) {
    let Error::Unfinished { status, .. } = error else { panic!("{what}: {error:?}") };
    assert!(status.contains("the plugin is stopping"), "{what}: {status}");
}

/// What ends in an error.
type Ending = JoinHandle<Error>;

fn results(log: &LogClient) -> Vec<(&'static str, Ending)> {
    let calls = [log.clone(), log.clone(), log.clone(), log.clone()];
    let [silent, endless, busy, never] = calls;
    vec![
        (
            "a stream that waits",
            tokio::spawn(async move { all(silent.silent().await.unwrap()).await.1.unwrap() }),
        ),
        (
            "a stream that never waits",
            tokio::spawn(async move {
                let mut items = endless.endless("line").await.unwrap();
                loop {
                    if let Err(error) = items.next().await.unwrap() {
                        return error;
                    }
                }
            }),
        ),
        (
            "a stream that takes its time",
            tokio::spawn(async move {
                let mut items = busy.busy().await.unwrap();
                loop {
                    if let Err(error) = items.next().await.unwrap() {
                        return error;
                    }
                }
            }),
        ),
        ("a call", tokio::spawn(async move { never.never().await.unwrap_err() })),
    ]
}

#[test]
fn a_stop_cuts_off_results_before_it_uses_force() {
    run_test(async |env| {
        let (registry, log, _) = both(env).await;
        let endings = results(&log);
        until_asked("the streams", async || log.alive().await.unwrap() == 3).await;
        soon("the stop", registry.stop()).await.unwrap();
        for (what, ending) in endings {
            assert_cut_off(what, &soon(what, ending).await.unwrap());
        }
    });
}

#[test]
fn a_stop_cuts_off_arguments_before_it_uses_force() {
    run_test(async |env| {
        let (registry, _, intake) = both(env).await;
        let (_sender, numbers) = fed::<u64>();
        let [silent, endless, echo] = [intake.clone(), intake.clone(), intake.clone()];
        let endings = [
            (
                "arguments that wait",
                tokio::spawn(async move { silent.watched(numbers).await.err() }),
            ),
            (
                "arguments that never wait",
                tokio::spawn(async move { endless.watched(Iter(0..)).await.err() }),
            ),
        ];
        let both = tokio::spawn(async move {
            let mut items = echo.echo(Iter(0..)).await.unwrap();
            loop {
                if let Err(error) = items.next().await.unwrap() {
                    return error;
                }
            }
        });
        until_asked("the methods", async || intake.alive().await.unwrap() == 3).await;
        soon("the stop", registry.stop()).await.unwrap();
        for (what, ending) in endings {
            let error = soon(what, ending).await.unwrap().unwrap();
            assert!(error.to_string().contains("the plugin is stopping"), "{what}: {error}");
        }
        assert_cut_off("both at once", &soon("both", both).await.unwrap());
    });
}

#[test]
fn a_stream_that_nobody_reads_is_no_crash_after_a_stop() {
    run_test(async |env| {
        let (registry, log, _) = both(env).await;
        let (read, reading) = (Arc::new(Notify::new()), log.clone());
        let go = Arc::clone(&read);
        let unread = tokio::spawn(async move {
            let items = reading.endless("line").await.unwrap();
            go.notified().await;
            all(items).await.1.unwrap()
        });
        until_asked("the stream", async || log.alive().await.unwrap() == 1).await;
        soon("the stop", registry.stop()).await.unwrap();
        read.notify_one();
        let error = soon("the end of the stream", unread).await.unwrap();
        assert!(matches!(error, Error::Unfinished { .. }), "{error:?}");
    });
}

#[test]
fn a_call_whose_plugin_does_not_stop_is_no_crash() {
    run_test(async |env| {
        env.install_calculator();
        let brief = |policy: goplug::Policy| policy.stop_timeout(Duration::ZERO);
        let registry = env.registry().policy(brief).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let (begun, caller) = (env.path("begun"), calculator.clone());
        let flag = begun.clone();
        let call = tokio::spawn(async move { caller.block(600_000, flag).await });
        crate::test_env::until("the call has begun", || begun.exists()).await;
        soon("the reload", registry.reload("Calculator", "math")).await.unwrap();
        soon("the stop", registry.stop()).await.unwrap();
        let error = soon("the end of the call", call).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("this host has stopped it"), "{error}");
    });
}

/// How many calls of services wait in a plugin.
const COUNT: u32 = 20_000;

#[test]
fn a_stop_with_thousands_of_waiting_service_calls_uses_no_force() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let end = env.path("end");
        let registry = env.registry().provide(Pool::default()).env("REPORT_END", &end);
        // A machine that is busy, or answers each call slowly, gets the time for all of them.
        let registry = registry.stop_timeout(WAIT_TIMEOUT / 2).start().await.unwrap();
        let report: ReportClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let calling = tokio::spawn({
            let report = report.clone();
            async move { report.side_by_side(COUNT, 1).await }
        });
        until_asked("the calls", async || report.begun().await.unwrap() == u64::from(COUNT)).await;
        soon("the stop", registry.stop()).await.unwrap();
        // Whether all were answered before depends on the machine.
        drop(soon("the call", calling).await.unwrap());
        assert!(end.exists(), "the process has not ended by itself");
    });
}
