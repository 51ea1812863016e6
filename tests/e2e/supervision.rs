//! Restarts: by which policy, how often, and what clients notice of them.

use std::time::Duration;

use goplug::{CallError, Error, Event, HealthCheck, Registry, Restart, State};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::system::{KILLED_BY_HOST, exited};

use crate::in_flight::LongCall;
use crate::test_env::{Kind, TestEnv, is, kill, read_until, run_test, soon, until};

/// A policy that restarts after a millisecond, practically without a limit.
fn restart_at_once() -> Restart {
    let wait = Duration::from_millis(1);
    Restart::permanent().backoff(wait, wait).intensity(1000, Duration::from_secs(60))
}

/// The calculator under this restart policy.
async fn supervised(env: &TestEnv, restart: Restart) -> (Registry, CalculatorClient) {
    env.install_calculator();
    let registry = env.registry().restart(restart).start().await.unwrap();
    let calculator = env.load_calculator(&registry).await;
    (registry, calculator)
}

/// Kills the plugin's process, and waits until the host has noticed.
async fn kill_and_wait(calculator: &CalculatorClient) {
    kill(calculator.plugin().process_id().unwrap());
    until("the crash is noticed", || calculator.plugin().state() == State::Stopped).await;
}

#[test]
fn a_crashed_plugin_is_restarted_for_the_same_client() {
    run_test(async |env| {
        let (registry, calculator) = supervised(env, restart_at_once()).await;
        let mut events = registry.events();
        let before = calculator.process().await.unwrap();
        kill(before);
        let restarted = is(Kind::Restarted, "math.Calculator");
        let seen = read_until(&mut events, "the restart", restarted).await;
        assert!(seen.iter().any(|event| matches!(event, Event::Crashed { .. })), "{seen:?}");
        assert_eq!(calculator.plugin().state(), State::Loaded);
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_call_during_the_restart_waits_for_it() {
    run_test(async |env| {
        let wait = Duration::from_millis(300);
        let (_registry, calculator) =
            supervised(env, Restart::transient().backoff(wait, wait)).await;
        kill_and_wait(&calculator).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_call_waits_no_longer_than_its_own_deadline() {
    run_test(async |env| {
        let wait = Duration::from_secs(600);
        let (_registry, calculator) =
            supervised(env, Restart::transient().backoff(wait, wait)).await;
        kill_and_wait(&calculator).await;
        let impatient = calculator.clone().with_timeout(Duration::from_millis(20));
        let error = impatient.add(2, 3).await.unwrap_err();
        let text = "math.Calculator is not available: it is being restarted, which takes too long";
        assert_eq!(error.to_string(), text);
        assert!(!error.may_have_executed());
    });
}

#[test]
fn a_call_in_flight_at_the_crash_fails_once_and_says_that_it_may_have_executed() {
    run_test(async |env| {
        let (_registry, calculator) = supervised(env, restart_at_once()).await;
        let error = calculator.exit(3, 0).await.unwrap_err();
        assert!(matches!(error, Error::Crashed { .. }), "{error:?}");
        assert!(error.may_have_executed());
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn an_idempotent_call_in_flight_at_the_crash_is_made_again() {
    run_test(async |env| {
        let (_registry, calculator) = supervised(env, restart_at_once()).await;
        let first = env.path("first");
        // The first execution ends the process, and the second finds the file.
        assert!(calculator.exit_once(first).await.unwrap());
    });
}

#[test]
fn a_restart_registers_callbacks_before_calls_go_on() {
    run_test(async |env| {
        let (_registry, calculator) = supervised(env, restart_at_once()).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        for _ in 0..5 {
            calculator.abort().await.unwrap_err();
            calculator.burst(1, None).await.unwrap();
            assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        }
    });
}

#[test]
fn a_transient_plugin_that_exits_with_success_is_not_restarted() {
    run_test(async |env| {
        let (registry, calculator) = supervised(env, Restart::transient()).await;
        let mut events = registry.events();
        calculator.exit(0, 0).await.unwrap_err();
        read_until(&mut events, "the end", is(Kind::Stopped, "math.Calculator")).await;
        let error = calculator.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(calculator.plugin().state(), State::Stopped);
    });
}

#[test]
fn too_many_crashes_end_the_restarts_with_a_reason() {
    run_test(async |env| {
        let restart = restart_at_once().intensity(2, Duration::from_secs(600));
        let (registry, calculator) = supervised(env, restart).await;
        let mut events = registry.events();
        for _ in 0..3 {
            calculator.exit(7, 0).await.unwrap_err();
        }
        let seen = read_until(&mut events, "the end of it", |event| {
            matches!(event, Event::GivenUp { .. })
        })
        .await;
        let Some(Event::GivenUp { reason, .. }) = seen.last() else { unreachable!() };
        let last = format!("the last reason: {}", exited(7));
        assert!(reason.ends_with(&last), "{reason}");
        let error = calculator.add(2, 3).await.unwrap_err().to_string();
        assert!(error.contains("it was given up: 2 restarts within"), "{error}");

        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn an_exit_status_that_the_policy_names_ends_the_restarts() {
    run_test(async |env| {
        let (registry, calculator) = supervised(env, restart_at_once().never_after([78])).await;
        let mut events = registry.events();
        calculator.exit(78, 0).await.unwrap_err();
        let given_up = |event: &Event| matches!(event, Event::GivenUp { .. });
        read_until(&mut events, "the end of it", given_up).await;
        assert_eq!(calculator.plugin().state(), State::Stopped);
    });
}

#[test]
fn an_unload_ends_the_restarts() {
    run_test(async |env| {
        let wait = Duration::from_millis(50);
        let (registry, calculator) =
            supervised(env, Restart::permanent().backoff(wait, wait)).await;
        kill_and_wait(&calculator).await;
        calculator.plugin().unload().await.unwrap();
        assert_eq!(calculator.plugin().state(), State::Discovered);
        let error = calculator.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_plugin_that_fails_its_health_checks_is_restarted() {
    run_test(async |env| {
        env.install_calculator();
        let check = HealthCheck::default()
            .interval(Duration::from_millis(20))
            .timeout(Duration::from_millis(500))
            .failures(2);
        let registry = env
            .registry()
            .plugin("Calculator", "math", move |policy| {
                policy.restart(restart_at_once()).health_check(check)
            })
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        let mut events = registry.events();
        let before = calculator.process().await.unwrap();
        let blocked = calculator.block(600_000, env.path("begun")).await.unwrap_err();
        let CallError::Goplug(Error::Crashed { status, .. }) = &blocked else {
            panic!("{blocked:?}")
        };
        assert_eq!(*status, format!("2 health checks in a row failed ({KILLED_BY_HOST})"));
        read_until(&mut events, "the restart", is(Kind::Restarted, "math.Calculator")).await;
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn an_idle_plugin_is_stopped_and_the_next_call_starts_it() {
    run_test(async |env| {
        env.install_calculator();
        // Long enough for a busy machine to make the first call before.
        let idle = Duration::from_millis(500);
        let registry =
            env.registry().policy(|policy| policy.idle_stop(idle)).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let mut events = registry.events();
        let before = calculator.process().await.unwrap();
        read_until(&mut events, "the stop", is(Kind::Stopped, "math.Calculator")).await;
        assert_eq!(calculator.plugin().state(), State::Discovered);
        assert!(env.processes().is_empty());
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_call_or_a_registered_callback_keeps_a_plugin_from_an_idle_stop() {
    run_test(async |env| {
        env.install_calculator();
        env.install_counter();
        // Long enough for a busy machine to register the callback before.
        let idle = Duration::from_millis(500);
        let registry =
            env.registry().policy(|policy| policy.idle_stop(idle)).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let before = calculator.process().await.unwrap();
        let ticks = calculator.tick_stream().await.unwrap();
        // Once another plugin has been stopped as idle, the calculator has been idle for as long.
        let mut events = registry.events();
        registry.load("Counter", "demo").await.unwrap();
        read_until(&mut events, "the other's stop", is(Kind::Stopped, "demo.Counter")).await;
        assert_eq!(calculator.process().await.unwrap(), before);

        let call = LongCall::start(env, &calculator).await;
        drop(ticks);
        registry.load("Counter", "demo").await.unwrap();
        read_until(&mut events, "the other's stop", is(Kind::Stopped, "demo.Counter")).await;
        assert_eq!(calculator.process().await.unwrap(), before);
        call.task.abort();
    });
}

#[test]
fn a_registry_that_stops_does_not_wait_for_a_restart() {
    run_test(async |env| {
        let wait = Duration::from_secs(600);
        let (registry, calculator) =
            supervised(env, Restart::permanent().backoff(wait, wait)).await;
        kill_and_wait(&calculator).await;
        let caller = calculator.clone();
        let waiting = tokio::spawn(async move { caller.divide(1, 2).await });
        soon("the stop", registry.stop()).await.unwrap();
        let error = soon("the call's end", waiting).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Goplug(Error::Unavailable { .. })), "{error:?}");
    });
}
