//! A new process in the place of the old one, without a call that notices.

use std::time::Duration;

use goplug::{Error, Event, Registry, State};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use serde_json::json;

use crate::stage::{
    CALCULATOR, Kind, POLITE, Stage, copy_program, is, kill, pconf, read_until, soon, stage, until,
};

fn upgrade_failed(event: &Event) -> bool {
    matches!(event, Event::UpgradeFailed { .. })
}

#[test]
fn a_changed_file_puts_a_new_process_in_the_place_of_the_old() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.watching().await;
        let calculator = stage.load_calculator(&registry).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        let mut changed = pconf::<Calculator>(CALCULATOR);
        changed["Note"] = json!("a newer one");
        stage.put_pconf("math.Calculator.pconf", &changed);

        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "math.Calculator")).await;
        let after = calculator.process().await.unwrap();
        assert_ne!(before, after);
        until("the old process is gone", || stage.processes() == [after]).await;
    });
}

/// Puts a copy of a program into the folder, whole at once.
fn put_program(stage: &Stage, name: &str, program: &str) {
    let copy = stage.path(name);
    copy_program(program, &copy);
    std::fs::rename(copy, stage.folder().join(name)).unwrap();
}

/// The calculator, run from a copy of its program in a folder that is watched.
async fn watched_copy(stage: &Stage) -> (Registry, CalculatorClient) {
    put_program(stage, "calculator", CALCULATOR);
    stage.install::<Calculator>("calculator");
    let registry = stage.watching().await;
    let calculator = stage.load_calculator(&registry).await;
    (registry, calculator)
}

#[test]
fn a_changed_program_puts_a_new_process_in_the_place_of_the_old() {
    stage(async |stage| {
        let (registry, calculator) = watched_copy(stage).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        put_program(stage, "calculator", CALCULATOR);

        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "math.Calculator")).await;
        assert_ne!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_changed_program_that_is_no_good_is_refused_once() {
    stage(async |stage| {
        let (registry, calculator) = watched_copy(stage).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        put_program(stage, "calculator", "/bin/false");
        read_until(&mut events, "the failure", upgrade_failed).await;
        // Two more looks at the folder, and then one at a program that is good again.
        stage.install_counter();
        read_until(&mut events, "a look", is(Kind::Discovered, "demo.Counter")).await;
        assert_eq!(calculator.process().await.unwrap(), before);
        put_program(stage, "calculator", CALCULATOR);
        let upgraded = is(Kind::Upgraded, "math.Calculator");
        let seen = read_until(&mut events, "the upgrade", upgraded).await;
        assert!(!seen.iter().any(upgrade_failed), "{seen:?}");
    });
}

#[test]
fn the_old_process_finishes_its_calls() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(300, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        let before = calculator.process().await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        assert_ne!(calculator.process().await.unwrap(), before);
        soon("the call's end", call).await.unwrap().unwrap();
    });
}

#[test]
fn calls_without_pause_do_not_notice_it() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let mut callers = tokio::task::JoinSet::new();
        let (enough, watch) = tokio::sync::watch::channel(false);
        for number in 0..4_i64 {
            let (caller, enough) = (calculator.clone(), watch.clone());
            callers.spawn(async move {
                let mut sum = 0;
                while !*enough.borrow() {
                    sum = caller.add(sum, number).await.unwrap();
                }
            });
        }
        for _ in 0..5 {
            soon("the reload", registry.reload("Calculator", "math")).await.unwrap();
        }
        enough.send_replace(true);
        soon("the callers", callers.join_all()).await;
    });
}

#[test]
fn a_new_process_that_does_not_start_leaves_the_old_in_service() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.watching().await;
        let calculator = stage.load_calculator(&registry).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        stage.put_pconf("math.Calculator.pconf", &pconf::<Calculator>("/bin/false"));

        let seen = read_until(&mut events, "the failure", upgrade_failed).await;
        let Some(Event::UpgradeFailed { reason, .. }) = seen.last() else { unreachable!() };
        assert!(reason.contains("exit status: 1"), "{reason}");
        assert_eq!(calculator.process().await.unwrap(), before);
        assert_eq!(calculator.plugin().state(), State::Loaded);
    });
}

#[test]
fn a_new_process_that_answers_under_another_name_leaves_the_old_in_service() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let before = calculator.process().await.unwrap();
        stage.put_pconf("math.Calculator.pconf", &pconf::<Calculator>(POLITE));
        let error = registry.reload("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_new_process_that_lacks_what_a_client_needs_leaves_the_old_in_service() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let before = calculator.process().await.unwrap();
        let script = stage.put("lesser", LESSER);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&script, executable).unwrap();
        stage.put_pconf("math.Calculator.pconf", &pconf::<Calculator>("lesser"));

        let error = registry.reload("Calculator", "math").await.unwrap_err();

        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert!(differences.iter().any(|line| line.contains("add")), "{differences:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        until("the new process is gone", || stage.processes() == [before]).await;
    });
}

/// A plugin of the calculator's name that has no methods.
const LESSER: &str = r#"#!/usr/bin/env python3
import os, socket
listener = socket.socket(fileno=3)
body = b'{"name":"Calculator","namespace":"math","protocol":2,"methods":[],"callbacks":[]}'
head = b"HTTP/1.1 200 OK\r\ngoplug-protocol: 2\r\ncontent-length: %d\r\n\r\n" % len(body)
while True:
    connection, _ = listener.accept()
    while connection.recv(65536):
        connection.sendall(head + body)
"#;

#[test]
fn callbacks_go_on_across_an_upgrade() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
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
fn a_registry_that_stops_does_not_wait_for_what_was_replaced() {
    stage(async |stage| {
        stage.install_calculator();
        let registry =
            stage.registry().stop_timeout(Duration::from_millis(200)).start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(600_000, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        registry.reload("Calculator", "math").await.unwrap();
        soon("the stop", registry.stop()).await;
        assert!(soon("the call's end", call).await.unwrap().is_err());
        assert!(stage.processes().is_empty());
    });
}

#[test]
fn a_call_that_was_cut_off_is_not_made_again() {
    stage(async |stage| {
        stage.install_calculator();
        let hasty = |policy: goplug::Policy| {
            policy.drain(Duration::ZERO).stop_timeout(Duration::from_millis(100))
        };
        let registry = stage.registry().policy(hasty).start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(600_000, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        registry.reload("Calculator", "math").await.unwrap();
        let error = soon("the call's end", call).await.unwrap().unwrap_err();
        assert!(error.may_have_executed(), "{error}");
    });
}

#[test]
fn a_new_file_with_a_new_program_that_is_no_good_is_refused_once() {
    stage(async |stage| {
        let (registry, calculator) = watched_copy(stage).await;
        let before = calculator.process().await.unwrap();
        let mut events = registry.events();

        put_program(stage, "calculator", "/bin/false");
        let mut changed = pconf::<Calculator>("calculator");
        changed["Note"] = json!("a newer one");
        stage.put_pconf("math.Calculator.pconf", &changed);

        let mut seen = read_until(&mut events, "the failure", upgrade_failed).await;
        for number in 0..6 {
            let name = format!("Other{number}");
            let other = json!({"Name": name, "LazyLoad": true, "Exec": ["other"]});
            stage.put_pconf(&format!("{name}.pconf"), &other);
            let discovered = is(Kind::Discovered, &name);
            seen.extend(read_until(&mut events, "another look", discovered).await);
        }
        // One for each of the two files, if they were not seen together.
        let failures = seen.iter().filter(|event| upgrade_failed(event)).count();
        assert!(failures <= 2, "{seen:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn a_process_that_dies_while_it_is_replaced_is_seen_to_die() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let process = calculator.process().await.unwrap();
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(600_000, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        let mut hangs = pconf::<Calculator>("/bin/sleep");
        hangs["Exec"] = json!(["/bin/sleep", "600"]);
        stage.put_pconf("math.Calculator.pconf", &hangs);
        let reload = tokio::spawn(async move { registry.reload("Calculator", "math").await });
        until("the new process is there", || stage.processes().len() == 2).await;
        kill(process);
        let error = soon("the call's end", call).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("(signal: 9 (SIGKILL))"), "{error}");
        assert!(soon("the reload's end", reload).await.unwrap().is_err());
    });
}
