//! Plugins that are started again: by which policy, how often, and what their clients see
//! of it.

use std::time::Duration;

use goplug::{CallError, Error, Event, HealthCheck, Registry, Restart, State};
use goplug_tests::fixtures::calculator::CalculatorClient;

use crate::stage::{Kind, Stage, is, kill, read_until, soon, stage, until};

/// Starts again at once, for as long as it takes.
fn at_once() -> Restart {
    let wait = Duration::from_millis(1);
    Restart::permanent().backoff(wait, wait).intensity(1000, Duration::from_secs(60))
}

/// The calculator under this restart policy.
async fn supervised(stage: &Stage, restart: Restart) -> (Registry, CalculatorClient) {
    stage.install_calculator();
    let registry = stage.registry().restart(restart).start().await.unwrap();
    let calculator = stage.load_calculator(&registry).await;
    (registry, calculator)
}

async fn kill_and_see_it_noticed(calculator: &CalculatorClient) {
    kill(calculator.plugin().process_id().unwrap());
    until("the crash is noticed", || calculator.plugin().state() == State::Stopped).await;
}

#[test]
fn a_plugin_that_dies_is_back_beneath_the_same_client() {
    stage(async |stage| {
        let (registry, calculator) = supervised(stage, at_once()).await;
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
    stage(async |stage| {
        let wait = Duration::from_millis(300);
        let (_registry, calculator) =
            supervised(stage, Restart::transient().backoff(wait, wait)).await;
        kill_and_see_it_noticed(&calculator).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_call_waits_no_longer_than_its_own_deadline() {
    stage(async |stage| {
        let wait = Duration::from_secs(600);
        let (_registry, calculator) =
            supervised(stage, Restart::transient().backoff(wait, wait)).await;
        kill_and_see_it_noticed(&calculator).await;
        let hasty = calculator.clone().with_timeout(Duration::from_millis(20));
        let error = hasty.add(2, 3).await.unwrap_err();
        let text = "math.Calculator is not available: it is being restarted, which takes too long";
        assert_eq!(error.to_string(), text);
        assert!(!error.may_have_executed());
    });
}

#[test]
fn a_call_in_flight_at_the_crash_fails_once_and_says_that_it_may_have_executed() {
    stage(async |stage| {
        let (_registry, calculator) = supervised(stage, at_once()).await;
        let error = calculator.exit(3, 0).await.unwrap_err();
        assert!(matches!(error, Error::Crashed { .. }), "{error:?}");
        assert!(error.may_have_executed());
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn an_idempotent_call_in_flight_at_the_crash_is_made_again() {
    stage(async |stage| {
        let (_registry, calculator) = supervised(stage, at_once()).await;
        let first = stage.path("first");
        // The first run dies of it, the second finds the file.
        assert!(calculator.exit_once(first).await.unwrap());
    });
}

#[test]
fn callbacks_are_registered_again_by_the_time_that_calls_go_on() {
    stage(async |stage| {
        let (_registry, calculator) = supervised(stage, at_once()).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        for _ in 0..5 {
            calculator.abort().await.unwrap_err();
            calculator.burst(1, None).await.unwrap();
            assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        }
    });
}

#[test]
fn a_transient_plugin_that_ends_well_is_left_alone() {
    stage(async |stage| {
        let (registry, calculator) = supervised(stage, Restart::transient()).await;
        let mut events = registry.events();
        calculator.exit(0, 0).await.unwrap_err();
        read_until(&mut events, "the end", is(Kind::Crashed, "math.Calculator")).await;
        let error = calculator.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(calculator.plugin().state(), State::Stopped);
    });
}

#[test]
fn too_many_crashes_are_the_last_and_say_why() {
    stage(async |stage| {
        let restart = at_once().intensity(2, Duration::from_secs(600));
        let (registry, calculator) = supervised(stage, restart).await;
        let mut events = registry.events();
        for _ in 0..3 {
            calculator.exit(7, 0).await.unwrap_err();
        }
        let seen = read_until(&mut events, "the end of it", |event| {
            matches!(event, Event::GivenUp { .. })
        })
        .await;
        let Some(Event::GivenUp { reason, .. }) = seen.last() else { unreachable!() };
        assert!(reason.ends_with("the last reason: exit status: 7"), "{reason}");
        let error = calculator.add(2, 3).await.unwrap_err().to_string();
        assert!(error.contains("it was given up: 2 restarts within"), "{error}");

        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn an_exit_status_that_forbids_it_ends_the_restarts() {
    stage(async |stage| {
        let (registry, calculator) = supervised(stage, at_once().never_after([78])).await;
        let mut events = registry.events();
        calculator.exit(78, 0).await.unwrap_err();
        let given_up = |event: &Event| matches!(event, Event::GivenUp { .. });
        read_until(&mut events, "the end of it", given_up).await;
        assert_eq!(calculator.plugin().state(), State::Stopped);
    });
}

#[test]
fn an_unload_ends_the_restarts() {
    stage(async |stage| {
        let wait = Duration::from_millis(50);
        let (registry, calculator) =
            supervised(stage, Restart::permanent().backoff(wait, wait)).await;
        kill_and_see_it_noticed(&calculator).await;
        calculator.plugin().unload().await.unwrap();
        assert_eq!(calculator.plugin().state(), State::Discovered);
        let error = calculator.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_plugin_that_lives_and_does_not_answer_is_restarted() {
    stage(async |stage| {
        stage.install_calculator();
        let check = HealthCheck::default()
            .interval(Duration::from_millis(20))
            .timeout(Duration::from_millis(500))
            .failures(2);
        let registry = stage
            .registry()
            .plugin("Calculator", "math", move |policy| {
                policy.restart(at_once()).health_check(check)
            })
            .start()
            .await
            .unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let mut events = registry.events();
        let before = calculator.process().await.unwrap();
        let blocked = calculator.block(600_000, stage.path("begun")).await.unwrap_err();
        let CallError::Goplug(Error::Crashed { status, .. }) = &blocked else {
            panic!("{blocked:?}")
        };
        assert_eq!(status, "2 health checks in a row failed (signal: 9 (SIGKILL))");
        read_until(&mut events, "the restart", is(Kind::Restarted, "math.Calculator")).await;
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn an_idle_plugin_is_stopped_and_the_next_call_starts_it() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage
            .registry()
            .policy(|policy| policy.idle_stop(Duration::from_millis(50)))
            .start()
            .await
            .unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let mut events = registry.events();
        let before = calculator.process().await.unwrap();
        read_until(&mut events, "the stop", is(Kind::Stopped, "math.Calculator")).await;
        assert_eq!(calculator.plugin().state(), State::Discovered);
        assert!(stage.processes().is_empty());
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_call_or_a_registered_callback_keeps_an_idle_plugin() {
    stage(async |stage| {
        stage.install_calculator();
        stage.install_counter();
        let idle = Duration::from_millis(50);
        let registry =
            stage.registry().policy(|policy| policy.idle_stop(idle)).start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let before = calculator.process().await.unwrap();
        let ticks = calculator.tick_stream().await.unwrap();
        // By the time that another plugin has been idle for too long, this one has been too.
        let mut events = registry.events();
        registry.load("Counter", "demo").await.unwrap();
        read_until(&mut events, "the other's stop", is(Kind::Stopped, "demo.Counter")).await;
        assert_eq!(calculator.process().await.unwrap(), before);

        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(600_000, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        drop(ticks);
        registry.load("Counter", "demo").await.unwrap();
        read_until(&mut events, "the other's stop", is(Kind::Stopped, "demo.Counter")).await;
        assert_eq!(calculator.process().await.unwrap(), before);
        call.abort();
    });
}

#[test]
fn a_registry_that_stops_does_not_wait_for_a_restart() {
    stage(async |stage| {
        let wait = Duration::from_secs(600);
        let (registry, calculator) =
            supervised(stage, Restart::permanent().backoff(wait, wait)).await;
        kill_and_see_it_noticed(&calculator).await;
        let caller = calculator.clone();
        let waiting = tokio::spawn(async move { caller.divide(1, 2).await });
        soon("the stop", registry.stop()).await;
        let error = soon("the call's end", waiting).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Goplug(Error::Unavailable { .. })), "{error:?}");
    });
}
