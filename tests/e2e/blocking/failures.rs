//! Blocking calls while their plugin hangs, crashes, restarts, stops, or is replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use goplug::blocking::Plugin;
use goplug::{Bytes, CallError, Error, State};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::fixtures::misbehaving::{METHOD, Mode};
use serde_json::json;

use super::{calculator, process, restart_after, supervised};
use crate::test_env::{MISBEHAVING, TestEnv, WAIT_TIMEOUT, kill, run_test, until};

/// Makes a call of ten minutes on a thread of its own, and waits until its handler runs.
async fn long_call(env: &TestEnv, plugin: &Plugin) -> thread::JoinHandle<goplug::Result<Bytes>> {
    let arguments = json!([600_000, env.path("begun"), env.path("dropped")]).to_string();
    let plugin = plugin.clone();
    let call = thread::spawn(move || plugin.execute("sleep", arguments));
    until("the call has begun", || env.path("begun").exists()).await;
    call
}

#[test]
fn a_blocking_call_that_hangs_returns_at_its_deadline() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        let (begun, dropped) = (env.path("begun"), env.path("dropped"));
        // Long enough for the handler to begin: it makes the second file when it is dropped.
        let budget = Duration::from_millis(500);

        let began = Instant::now();
        let impatient = calculator.clone().with_timeout(budget);
        let error = impatient.sleep(600_000, begun, dropped).unwrap_err();

        assert!(
            began.elapsed() >= budget && began.elapsed() < WAIT_TIMEOUT,
            "{:?}",
            began.elapsed()
        );
        let CallError::Goplug(Error::Deadline { what, after, .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!((what.as_str(), *after), ("sleep of math.Calculator", budget));
        assert!(error.may_have_executed());
        until("the handler is dropped", || env.path("dropped").exists()).await;
        assert_eq!(calculator.add(2, 3).unwrap(), 5);
    });
}

#[test]
fn a_blocking_call_during_a_crash_gets_exit_status_and_the_last_lines() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        let error = plugin.execute("exit", "[3,2]").unwrap_err();
        let expected = "math.Calculator crashed (exit status: 3); the call may have executed; its \
                        standard error ends:\n  line 1 before the end\n  line 2 before the end";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn an_idempotent_blocking_call_in_flight_at_a_crash_is_made_again() {
    run_test(async |env| {
        let wait = Duration::from_millis(20);
        let (_registry, plugin) = supervised(env, restart_after(wait)).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        assert!(calculator.exit_once(env.path("flag")).unwrap());
    });
}

#[test]
fn blocking_calls_in_flight_fail_when_the_registry_stops() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().stop_timeout(Duration::from_millis(100));
        let registry = builder.start().await.unwrap();
        let plugin = env.load_calculator(&registry).await.plugin().clone().into();
        let call = long_call(env, &plugin).await;
        registry.stop().await.unwrap();
        let error = call.join().unwrap().unwrap_err();
        assert!(error.may_have_executed(), "{error:?}");
        let error = plugin.execute("add", "[2,3]").unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn a_blocking_call_during_a_restart_waits_for_it() {
    run_test(async |env| {
        let wait = Duration::from_millis(300);
        let (_registry, plugin) = supervised(env, restart_after(wait)).await;
        kill(process(&plugin));
        until("the crash is noticed", || plugin.as_async().state() == State::Stopped).await;
        assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
    });
}

#[test]
fn a_blocking_call_waits_for_a_restart_no_longer_than_its_deadline() {
    run_test(async |env| {
        env.install_calculator();
        let restart = restart_after(Duration::from_secs(600));
        let builder = env.registry().restart(restart).call_timeout(Duration::from_millis(300));
        let registry = builder.start().await.unwrap();
        let plugin = Plugin::from(env.load_calculator(&registry).await.plugin().clone());
        kill(plugin.as_async().process_id().unwrap());
        until("the crash is noticed", || plugin.as_async().state() == State::Stopped).await;
        let error = plugin.execute("add", "[2,3]").unwrap_err();
        let text = "math.Calculator is not available: it is being restarted, which takes too long";
        assert_eq!(error.to_string(), text);
        assert!(!error.may_have_executed());
    });
}

#[test]
fn a_blocking_call_starts_a_plugin_that_was_stopped_while_idle() {
    run_test(async |env| {
        env.install_calculator();
        let idle = Duration::from_millis(20);
        let builder = env.registry().policy(|policy| policy.idle_stop(idle));
        let registry = builder.start().await.unwrap();
        // It may have been idle for so long before this test looks at its socket.
        let plugin = Plugin::from(registry.load("Calculator", "math").await.unwrap());
        until("it is stopped", || plugin.as_async().process_id().is_none()).await;
        assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
    });
}

#[test]
fn blocking_calls_succeed_during_a_reload() {
    run_test(async |env| {
        let (registry, plugin) = calculator(env).await;
        let before = process(&plugin);
        let done = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (plugin, done) = (plugin.clone(), Arc::clone(&done));
                thread::spawn(move || {
                    let mut calls = 0;
                    while !done.load(Ordering::Relaxed) {
                        assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        for _ in 0..3 {
            registry.reload("Calculator", "math").await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for caller in callers {
            assert!(caller.join().unwrap() > 0);
        }
        assert_ne!(process(&plugin), before);
    });
}

#[test]
fn faulty_and_missing_responses_are_errors_of_a_blocking_call() {
    for (mode, is_expected) in [
        (Mode::Garbage, (|error| matches!(error, Error::Protocol(_))) as fn(&Error) -> bool),
        (Mode::EndlessHead, |error| matches!(error, Error::Protocol(_))),
        (Mode::CutsOff, |error| matches!(error, Error::Io { .. })),
        (Mode::EndlessBody, |error| matches!(error, Error::TooLarge { .. })),
        (Mode::Trickle, |error| matches!(error, Error::Deadline { .. })),
        (Mode::FallsSilent, |error| matches!(error, Error::Deadline { .. })),
        (Mode::StoppedByCall, |error| matches!(error, Error::Deadline { .. })),
        (Mode::Aborts, |error| matches!(error, Error::Crashed { .. })),
    ] {
        run_test(async |env| {
            let keys = json!({
                "Name": "Misbehaving", "NameSpace": "hard", "Protocol": 2,
                "Exec": [MISBEHAVING, mode.name()],
            });
            env.put_pconf("hard.Misbehaving.pconf", &keys);
            // Another plugin than those that never answer must not reach the deadline on a busy machine.
            let never_answers =
                matches!(mode, Mode::Trickle | Mode::FallsSilent | Mode::StoppedByCall);
            let timeout = if never_answers { Duration::from_millis(500) } else { WAIT_TIMEOUT };
            let builder = env.registry().call_timeout(timeout);
            let builder = builder.stop_timeout(Duration::from_millis(100)).body_limit(1 << 20);
            let registry = builder.start().await.unwrap();
            let plugin = Plugin::from(registry.load("Misbehaving", "hard").await.unwrap());
            let error = plugin.execute(METHOD, "input").unwrap_err();
            assert!(is_expected(&error), "{mode:?}: {error:?}");
            assert!(error.may_have_executed(), "{mode:?}: {error:?}");
            registry.stop().await.unwrap();
        });
    }
}
