//! Processes that get signals from somebody else, and a socket that somebody removes.

use std::time::Duration;

use goplug::{Error, Event, Restart};
use goplug_tests::system::signal;
use rustix::process::Signal;

use crate::foreign::{SelfStarted, loaded};
use crate::in_flight::GatedCall;
use crate::streams::log_with;
use crate::test_env::{CALCULATOR, Kind, exists, is, read_until, run_test, socket_in, soon, until};

#[test]
fn a_plugin_that_somebody_else_stops_has_stopped_and_not_crashed() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut events = registry.events();
        let process = calculator.plugin().process_id().unwrap();
        signal(process, Signal::TERM);
        let seen = read_until(&mut events, "the stop", is(Kind::Stopped, "math.Calculator")).await;
        assert!(!seen.iter().any(|event| matches!(event, Event::Crashed { .. })), "{seen:?}");
        let error = calculator.add(1, 2).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn calls_while_somebody_else_stops_a_permanent_plugin_are_answered_by_its_next_process() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().restart(Restart::permanent());
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        signal(process, Signal::TERM);
        // The method is not idempotent.
        while calculator.plugin().process_id().is_none_or(|now| now == process) {
            assert_eq!(calculator.greeting().await.unwrap(), None);
        }
        assert_eq!(calculator.greeting().await.unwrap(), None);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_process_stopped_by_a_signal_does_not_block_an_unload() {
    run_test(async |env| {
        env.install_calculator();
        let registry =
            env.registry().stop_timeout(Duration::from_millis(300)).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        signal(process, Signal::STOP);
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        assert!(!exists(process));
    });
}

#[test]
fn a_self_started_plugin_stopped_by_a_signal_blocks_neither_calls_nor_the_stop() {
    run_test(async |env| {
        let short = Duration::from_millis(300);
        let builder = env.registry().auto_discover(true).call_timeout(short).stop_timeout(short);
        let registry = builder.start().await.unwrap();
        let process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        signal(process.0.id(), Signal::STOP);
        let error = soon("the end of the call", calculator.add(2, 3)).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        soon("the end of the stop", registry.stop()).await.unwrap();
    });
}

#[test]
fn with_dir_a_program_serves_until_sigterm() {
    run_test(async |env| {
        let mut command = env.command(CALCULATOR);
        command.arg("--dir").arg(env.folder()).stderr(std::process::Stdio::null());
        let mut plugin = command.spawn().unwrap();
        let file = env.folder().join("math.Calculator.pconf");
        until("its file is there", || file.exists()).await;
        let socket = socket_in(&file);
        assert!(socket.exists());

        signal(plugin.id(), Signal::TERM);

        until("it has ended", || plugin.try_wait().unwrap().is_some()).await;
        assert!(plugin.wait().unwrap().success());
        assert!(!file.exists() && !socket.exists());
    });
}

#[test]
fn a_stream_of_a_stopped_process_says_so() {
    run_test(async |env| {
        let idle = Duration::from_millis(300);
        let (_registry, log) = log_with(env, |policy| policy.stream_idle(idle)).await;
        let mut silent = log.silent().await.unwrap();
        silent.next().await.unwrap().unwrap();
        let process = log.plugin().process_id().unwrap();
        signal(process, Signal::STOP);
        let error = soon("the error", silent.next()).await.unwrap().unwrap_err();
        signal(process, Signal::CONT);
        let Error::Deadline { reason: Some(reason), .. } = &error else { panic!("{error:?}") };
        assert!(reason.contains("is stopped (state T)"), "{reason}");
    });
}

#[test]
fn a_socket_that_somebody_removes_is_no_crash_and_a_reload_makes_a_new_one() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        std::fs::remove_file(calculator.plugin().socket().unwrap()).unwrap();
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        let gate = GatedCall::start(env, &calculator).await;
        let error = calculator.greeting().await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. }) && !error.may_have_executed(), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("was removed while it runs: reload the plugin"), "{text}");
        gate.finish().await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        registry.stop().await.unwrap();
    });
}
