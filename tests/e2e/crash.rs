//! Crashes without a restart policy: each is noticed by the exit, reported once to every call
//! in flight, and the next load starts the plugin again for the same handles.

use goplug::{CallError, Error, Event, State};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::system::{ABORTED, KILLED, exited};

use crate::test_env::{Kind, is, kill, read_until, run_test, soon, until};

fn crash(error: Error) -> (String, Vec<String>, bool) {
    match error {
        Error::Crashed { status, stderr, may_have_executed, id } => {
            assert_eq!(id.to_string(), "math.Calculator");
            (status, stderr, may_have_executed)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_during_a_crash_gets_exit_status_and_the_last_lines() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (status, stderr, may_have_executed) = crash(calculator.exit(3, 50).await.unwrap_err());
        assert_eq!(status, exited(3));
        let expected: Vec<_> = (31..=50).map(|n| format!("line {n} before the end")).collect();
        assert_eq!(stderr, expected);
        assert!(may_have_executed);
    });
}

#[test]
fn the_error_of_a_crash_is_readable() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let error = calculator.exit(3, 2).await.unwrap_err();
        let status = exited(3);
        let expected = format!(
            "math.Calculator crashed ({status}); the call may have executed; its standard error ends:\n  \
             line 1 before the end\n  line 2 before the end"
        );
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn the_error_of_an_abort_names_it() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (status, ..) = crash(calculator.abort().await.unwrap_err());
        assert!(status.starts_with(ABORTED), "{status}");
    });
}

#[test]
fn every_call_in_flight_fails_once_with_the_same_error() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..8 {
            let caller = calculator.clone();
            let (begun, end) = (env.path(&format!("{number}")), env.path("dropped"));
            calls.spawn(async move { caller.sleep(600_000, begun, end).await });
        }
        until("all calls have begun", || (0..8).all(|n| env.path(&format!("{n}")).exists())).await;
        kill(calculator.plugin().process_id().unwrap());
        for outcome in soon("the errors", calls.join_all()).await {
            let Err(CallError::Goplug(error)) = outcome else { panic!("{outcome:?}") };
            assert_eq!(crash(error).0, KILLED);
        }
    });
}

#[test]
fn a_crash_without_a_call_is_noticed() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut events = registry.events();
        kill(calculator.plugin().process_id().unwrap());
        let seen = read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        let Some(Event::Crashed { status, .. }) = seen.last() else { unreachable!() };
        assert_eq!(status, KILLED);
        assert_eq!(calculator.plugin().state(), State::Stopped);
        assert!(!registry.is_loaded("Calculator", "math"));
        assert!(registry.is_discovered("Calculator", "math"));
        let error = calculator.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn a_load_after_a_crash_starts_the_plugin_for_the_same_client() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let before = calculator.process().await.unwrap();
        crash(calculator.exit(1, 0).await.unwrap_err());
        until("the crash is noticed", || !registry.is_loaded("Calculator", "math")).await;
        let loaded: CalculatorClient = registry.client().await.unwrap();
        assert_ne!(calculator.process().await.unwrap(), before);
        assert_eq!(calculator.process().await.unwrap(), loaded.process().await.unwrap());
    });
}

#[test]
fn registered_callbacks_survive_a_crash() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        crash(calculator.exit(1, 0).await.unwrap_err());
        until("the crash is noticed", || !registry.is_loaded("Calculator", "math")).await;
        registry.load("Calculator", "math").await.unwrap();
        calculator.burst(2, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        assert_eq!(soon("a callback", ticks.next()).await, Some(1));
    });
}

#[test]
fn a_panic_is_an_error_and_the_process_goes_on() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let before = calculator.process().await.unwrap();
        let error = calculator.panic("it is too much").await.unwrap_err();
        let text = error.to_string();
        let head = "the handler of \"panic\" panicked: it is too much (at tests/fixtures/";
        assert!(text.starts_with(head), "{text}");
        assert!(matches!(error, Error::Panicked { .. }), "{error:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn one_plugins_crash_does_not_touch_its_neighbour() {
    run_test(async |env| {
        env.install_counter();
        let (registry, calculator) = env.calculator().await;
        let counter: goplug_tests::fixtures::counter::CounterClient =
            registry.client().await.unwrap();
        counter.increment(1).await.unwrap();
        crash(calculator.abort().await.unwrap_err());
        assert_eq!(counter.increment(1).await.unwrap(), 2);
    });
}
