//! Upgrades: a new process takes the place of the old one, and no call fails.

use std::time::Duration;

use goplug::{Error, Event, Registry, State};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use goplug_tests::system::{KILLED, exited, program_name, replace_program};
use serde_json::json;

use crate::in_flight::{GatedCall, LongCall};
use crate::test_env::{
    BRIEF, CALCULATOR, Kind, POLITE, TestEnv, is, kill, pconf, read_until, run_test, soon, until,
};

fn upgrade_failed(event: &Event) -> bool {
    matches!(event, Event::UpgradeFailed { .. })
}

#[test]
fn a_changed_pconf_starts_an_upgrade() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.watching().await;
        let calculator = env.load_calculator(&registry).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        let mut changed = pconf::<Calculator>(CALCULATOR);
        changed["Note"] = json!("a newer one");
        env.put_pconf("math.Calculator.pconf", &changed);

        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "math.Calculator")).await;
        let after = calculator.process().await.unwrap();
        assert_ne!(before, after);
        until("the old process is gone", || env.processes() == [after]).await;
    });
}

/// Puts a copy of a program into the folder atomically: by a rename.
fn put_program(env: &TestEnv, name: &str, program: &str) {
    replace_program(program.as_ref(), &env.folder().join(program_name(name))).unwrap();
}

/// The calculator, run from a copy of its program in the watched folder.
async fn watched_copy(env: &TestEnv) -> (Registry, CalculatorClient) {
    put_program(env, "calculator", CALCULATOR);
    env.install::<Calculator>(&program_name("calculator"));
    let registry = env.watching().await;
    let calculator = env.load_calculator(&registry).await;
    (registry, calculator)
}

#[test]
fn a_changed_program_starts_an_upgrade() {
    run_test(async |env| {
        let (registry, calculator) = watched_copy(env).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        put_program(env, "calculator", CALCULATOR);

        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "math.Calculator")).await;
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn an_upgrade_to_a_broken_program_is_tried_once() {
    run_test(async |env| {
        let (registry, calculator) = watched_copy(env).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        put_program(env, "calculator", BRIEF);
        read_until(&mut events, "the failure", upgrade_failed).await;
        // The folder is scanned again, and then the program works again.
        env.install_counter();
        read_until(&mut events, "a look", is(Kind::Discovered, "demo.Counter")).await;
        assert_eq!(calculator.process().await.unwrap(), before);
        put_program(env, "calculator", CALCULATOR);
        let upgraded = is(Kind::Upgraded, "math.Calculator");
        let seen = read_until(&mut events, "the upgrade", upgraded).await;
        assert!(!seen.iter().any(upgrade_failed), "{seen:?}");
    });
}

#[test]
fn the_old_process_finishes_its_calls() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let call = GatedCall::start(env, &calculator).await;
        let before = calculator.process().await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        assert_ne!(calculator.process().await.unwrap(), before);
        assert!(!call.is_finished());
        call.finish().await.unwrap();
    });
}

#[test]
fn the_old_process_is_not_asked_to_stop_while_it_has_calls() {
    const STOP_TIMEOUT: Duration = Duration::from_millis(50);
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().stop_timeout(STOP_TIMEOUT).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let mut call = GatedCall::start(env, &calculator).await;
        registry.reload("Calculator", "math").await.unwrap();
        // A process that is asked to stop is killed by then.
        assert!(call.outlasts(20 * STOP_TIMEOUT).await);
        call.finish().await.unwrap();
    });
}

#[test]
fn calls_without_pause_succeed_during_upgrades() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut callers = tokio::task::JoinSet::new();
        let (done, watch) = tokio::sync::watch::channel(false);
        for number in 0..4_i64 {
            let (caller, done) = (calculator.clone(), watch.clone());
            callers.spawn(async move {
                let mut sum = 0;
                while !*done.borrow() {
                    sum = caller.add(sum, number).await.unwrap();
                }
            });
        }
        for _ in 0..5 {
            soon("the reload", registry.reload("Calculator", "math")).await.unwrap();
        }
        done.send_replace(true);
        soon("the callers", callers.join_all()).await;
    });
}

#[test]
fn a_new_process_that_does_not_start_leaves_the_old_in_service() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.watching().await;
        let calculator = env.load_calculator(&registry).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        env.put_pconf("math.Calculator.pconf", &pconf::<Calculator>(BRIEF));

        let seen = read_until(&mut events, "the failure", upgrade_failed).await;
        let Some(Event::UpgradeFailed { reason, .. }) = seen.last() else { unreachable!() };
        assert!(reason.contains(&exited(1)), "{reason}");
        assert_eq!(calculator.process().await.unwrap(), before);
        assert_eq!(calculator.plugin().state(), State::Loaded);
    });
}

#[test]
fn a_new_process_that_answers_under_another_name_leaves_the_old_in_service() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let before = calculator.process().await.unwrap();
        env.put_pconf("math.Calculator.pconf", &pconf::<Calculator>(POLITE));
        let error = registry.reload("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn callbacks_go_on_across_an_upgrade() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        calculator.burst(2, None).await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        calculator.burst(2, None).await.unwrap();
        for expected in [0, 1, 0, 1] {
            assert_eq!(soon("a callback", ticks.next()).await, Some(expected));
        }
    });
}

#[test]
fn a_stop_does_not_wait_for_a_replaced_process() {
    run_test(async |env| {
        env.install_calculator();
        let registry =
            env.registry().stop_timeout(Duration::from_millis(200)).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let call = LongCall::start(env, &calculator).await;
        registry.reload("Calculator", "math").await.unwrap();
        soon("the stop", registry.stop()).await.unwrap();
        call.error().await;
        assert!(env.processes().is_empty());
    });
}

#[test]
fn an_unload_ends_a_replaced_process_too() {
    run_test(async |env| {
        env.install_calculator();
        let registry =
            env.registry().stop_timeout(Duration::from_millis(500)).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let call = LongCall::start(env, &calculator).await;
        let plugin = registry.reload("Calculator", "math").await.unwrap();
        soon("the unload", plugin.unload()).await.unwrap();
        call.error().await;
        assert!(env.processes().is_empty());
        // A call that ends in time is not cut off.
        registry.load("Calculator", "math").await.unwrap();
        let call = GatedCall::start(env, &calculator).await;
        registry.reload("Calculator", "math").await.unwrap();
        let unloading = tokio::spawn(async move { plugin.unload().await });
        call.finish().await.unwrap();
        soon("the unload", unloading).await.unwrap().unwrap();
        assert!(env.processes().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_call_that_an_upgrade_cuts_off_is_not_made_again() {
    run_test(async |env| {
        env.install_calculator();
        let without_drain = |policy: goplug::Policy| {
            policy.drain(Duration::ZERO).stop_timeout(Duration::from_millis(100))
        };
        let registry = env.registry().policy(without_drain).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let call = LongCall::start(env, &calculator).await;
        registry.reload("Calculator", "math").await.unwrap();
        let error = call.error().await;
        assert!(error.may_have_executed(), "{error}");
    });
}

#[test]
fn a_changed_pconf_with_a_broken_program_is_not_tried_at_every_scan() {
    run_test(async |env| {
        let (registry, calculator) = watched_copy(env).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        put_program(env, "calculator", BRIEF);
        let mut changed = pconf::<Calculator>(&program_name("calculator"));
        changed["Note"] = json!("a newer one");
        env.put_pconf("math.Calculator.pconf", &changed);

        let mut seen = read_until(&mut events, "the failure", upgrade_failed).await;
        for number in 0..6 {
            let name = format!("Other{number}");
            let other = json!({"Name": name, "LazyLoad": true, "Exec": ["other"]});
            env.put_pconf(&format!("{name}.pconf"), &other);
            let discovered = is(Kind::Discovered, &name);
            seen.extend(read_until(&mut events, "another look", discovered).await);
        }
        // Two if a scan came between the change of the program and that of the file.
        let failures = seen.iter().filter(|event| upgrade_failed(event)).count();
        assert!(failures <= 2, "{seen:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_crash_during_an_upgrade_is_noticed() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let process = calculator.process().await.unwrap();
        let call = LongCall::start(env, &calculator).await;
        let mut hangs = pconf::<Calculator>(BRIEF);
        hangs["Exec"] = json!([BRIEF, "sleep", "600"]);
        env.put_pconf("math.Calculator.pconf", &hangs);
        let reload = tokio::spawn(async move { registry.reload("Calculator", "math").await });
        until("the new process is there", || env.processes().len() == 2).await;
        kill(process);
        let error = call.error().await;
        assert!(error.to_string().contains(&format!("({KILLED})")), "{error}");
        assert!(soon("the reload's end", reload).await.unwrap().is_err());
    });
}
