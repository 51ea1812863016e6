//! Calls that block their thread: they end in the same ways as the async ones, and so do
//! their hosts.
//!
//! The thread of a test is none of the stage's runtime: what blocks it holds nobody up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use goplug::blocking::Plugin;
use goplug::{Bytes, CallError, Error, Registry, Restart, State, blocking, limits};
use goplug_tests::fixtures::calculator::{CalculatorBlockingClient, CalculatorClient, DivideError};
use goplug_tests::fixtures::greeter::{GreetError, GreeterClient};
use goplug_tests::fixtures::misbehaving::{METHOD, Mode};
use goplug_tests::fixtures::misfit::OtherCalculatorClient;
use serde_json::json;

use crate::stage::{MISBEHAVING, PATIENCE, Stage, kill, stage, until};

/// The calculator, for callers that block.
async fn calculator(stage: &Stage) -> (Registry, Plugin) {
    let (registry, calculator) = stage.calculator().await;
    (registry, calculator.plugin().clone().into())
}

/// The calculator under this restart policy.
async fn supervised(stage: &Stage, restart: Restart) -> (Registry, Plugin) {
    stage.install_calculator();
    let registry = stage.registry().restart(restart).start().await.unwrap();
    let calculator = stage.load_calculator(&registry).await;
    (registry, calculator.plugin().clone().into())
}

fn restart_after(wait: Duration) -> Restart {
    Restart::transient().backoff(wait, wait)
}

/// A call of the calculator that takes ten minutes, on a thread of its own, once it has begun.
async fn long_call(stage: &Stage, plugin: &Plugin) -> thread::JoinHandle<goplug::Result<Bytes>> {
    let arguments = json!([600_000, stage.path("begun"), stage.path("dropped")]).to_string();
    let plugin = plugin.clone();
    let call = thread::spawn(move || plugin.execute("sleep", arguments));
    until("the call has begun", || stage.path("begun").exists()).await;
    call
}

fn process(plugin: &Plugin) -> u32 {
    serde_json::from_slice(&plugin.execute("process", "").unwrap()).unwrap()
}

#[test]
fn a_blocking_call_answers_with_bytes() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        assert_eq!(plugin.execute("add", r#"{"a":2,"b":3}"#).unwrap(), "5");
        let every_byte: Bytes = (0..=255).collect();
        for body in [every_byte, Bytes::new(), Bytes::from(vec![7; 10 << 20])] {
            assert!(plugin.execute("echo", body.clone()).unwrap() == body, "{}", body.len());
        }
        assert_eq!(plugin.ping("there?").unwrap(), "there?");
    });
}

#[test]
fn a_blocking_client_has_typed_results_and_errors() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        assert_eq!(calculator.add(2, 3).unwrap(), 5);
        assert_eq!(calculator.join(&["a".into(), "b".into()], "-", None).unwrap(), "a-b");
        assert_eq!(calculator.echo(Bytes::from_static(b"\0\xff")).unwrap(), &b"\0\xff"[..]);
        assert_eq!(calculator.zeros(b"3").unwrap(), [0; 3]);
        let error = calculator.divide(7, 0).unwrap_err();
        assert!(
            matches!(error, CallError::Method(DivideError::ByZero { dividend: 7 })),
            "{error:?}"
        );
        let Err(CallError::Method(error)) = calculator.parse("xii") else { panic!("it parsed") };
        assert_eq!(error.message(), "\"xii\" is no number");
    });
}

#[test]
fn a_blocking_client_is_made_of_any_handle_and_checked() {
    stage(async |stage| {
        stage.install_polite();
        let (registry, calculator) = stage.calculator().await;
        let polite = registry.load("Polite", "greeters").await.unwrap();
        let greeter = GreeterClient::blocking(polite).unwrap();
        assert_eq!(greeter.greet("Ada").unwrap(), "Good day, Ada.");
        let greeted: Result<String, CallError<GreetError>> = greeter.greet("Grace");
        assert!(greeted.is_ok());
        let error = OtherCalculatorClient::blocking(calculator.plugin().clone()).unwrap_err();
        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert_eq!(differences.len(), 2, "{error}");
    });
}

#[test]
fn an_idempotent_blocking_call_in_flight_at_a_crash_is_made_again() {
    stage(async |stage| {
        let wait = Duration::from_millis(20);
        let (_registry, plugin) = supervised(stage, restart_after(wait)).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        assert!(calculator.exit_once(stage.path("flag")).unwrap());
    });
}

#[test]
fn the_handlers_of_a_blocking_client_are_plain_closures() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        let (sender, noticed) = mpsc::channel();
        let notices = sender.clone();
        let handler = move |what, times| notices.send(format!("{what} {times}")).unwrap();
        let _notices = calculator.on_noticed(handler).unwrap();
        let handler = move |bytes: Vec<u8>| sender.send(format!("{bytes:?}")).unwrap();
        let _chunks = calculator.on_chunk(handler).unwrap();
        calculator.notice("smoke").unwrap();
        calculator.send_chunk(vec![0, 255]).unwrap();
        assert_eq!(noticed.recv_timeout(PATIENCE).unwrap(), "smoke 1");
        assert_eq!(noticed.recv_timeout(PATIENCE).unwrap(), "[0, 255]");
        let caller = calculator.clone();
        let choose = move |from: Vec<i64>| caller.add(from[0], from[1]).unwrap();
        let _choice = calculator.on_choose(choose).unwrap();
        // The plugin asks the host, which asks the plugin, while a call is in flight.
        assert_eq!(calculator.twice_the_chosen(vec![20, 1]).unwrap(), 42);
    });
}

#[test]
fn what_the_plugin_answers_means_the_same_to_a_caller_that_blocks() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        for (method, body) in [
            ("nothing", "{}"),
            ("add", r#"{"a":"two","b":3}"#),
            ("divide", "[7,0]"),
            ("parse", r#"["xii"]"#),
            ("panic", r#"["it is too much"]"#),
        ] {
            let blocking = plugin.execute(method, body).unwrap_err();
            let expected = plugin.as_async().execute(method, body).await.unwrap_err();
            assert_eq!(format!("{blocking:?}"), format!("{expected:?}"), "{method}");
        }
    });
}

#[test]
fn a_blocking_call_that_hangs_returns_at_its_deadline() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        // Long enough for the call to begin, which makes the second file when it ends.
        let budget = Duration::from_millis(500);

        let began = Instant::now();
        let hasty = calculator.clone().with_timeout(budget);
        let error = hasty.sleep(600_000, begun, dropped).unwrap_err();

        assert!(began.elapsed() >= budget && began.elapsed() < PATIENCE, "{:?}", began.elapsed());
        let CallError::Goplug(Error::Deadline { what, after }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!((what.as_str(), *after), ("sleep of math.Calculator", budget));
        assert!(error.may_have_executed());
        until("the handler is dropped", || stage.path("dropped").exists()).await;
        assert_eq!(calculator.add(2, 3).unwrap(), 5);
    });
}

#[test]
fn a_blocking_call_during_a_crash_gets_exit_status_and_the_last_lines() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        let error = plugin.execute("exit", "[3,2]").unwrap_err();
        let expected = "math.Calculator crashed (exit status: 3); the call may have executed; its \
                        standard error ends:\n  line 1 before the end\n  line 2 before the end";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn blocking_calls_in_flight_fail_when_the_registry_stops() {
    stage(async |stage| {
        stage.install_calculator();
        let builder = stage.registry().stop_timeout(Duration::from_millis(100));
        let registry = builder.start().await.unwrap();
        let plugin = stage.load_calculator(&registry).await.plugin().clone().into();
        let call = long_call(stage, &plugin).await;
        registry.stop().await;
        let error = call.join().unwrap().unwrap_err();
        assert!(error.may_have_executed(), "{error:?}");
        let error = plugin.execute("add", "[2,3]").unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn a_blocking_call_during_a_restart_waits_for_it() {
    stage(async |stage| {
        let wait = Duration::from_millis(300);
        let (_registry, plugin) = supervised(stage, restart_after(wait)).await;
        kill(process(&plugin));
        until("the crash is noticed", || plugin.as_async().state() == State::Stopped).await;
        assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
    });
}

#[test]
fn a_blocking_call_waits_for_a_restart_no_longer_than_its_deadline() {
    stage(async |stage| {
        stage.install_calculator();
        let restart = restart_after(Duration::from_secs(600));
        let builder = stage.registry().restart(restart).call_timeout(Duration::from_millis(300));
        let registry = builder.start().await.unwrap();
        let plugin = Plugin::from(stage.load_calculator(&registry).await.plugin().clone());
        kill(plugin.as_async().process_id().unwrap());
        until("the crash is noticed", || plugin.as_async().state() == State::Stopped).await;
        let error = plugin.execute("add", "[2,3]").unwrap_err();
        let text = "math.Calculator is not available: it is being restarted, which takes too long";
        assert_eq!(error.to_string(), text);
        assert!(!error.may_have_executed());
    });
}

#[test]
fn a_blocking_call_starts_a_plugin_that_rests() {
    stage(async |stage| {
        stage.install_calculator();
        let idle = Duration::from_millis(20);
        let builder = stage.registry().policy(|policy| policy.idle_stop(idle));
        let registry = builder.start().await.unwrap();
        let plugin = Plugin::from(stage.load_calculator(&registry).await.plugin().clone());
        until("it rests", || plugin.as_async().process_id().is_none()).await;
        assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
    });
}

#[test]
fn a_reload_is_not_noticed_by_callers_that_block() {
    stage(async |stage| {
        let (registry, plugin) = calculator(stage).await;
        let before = process(&plugin);
        let enough = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (plugin, enough) = (plugin.clone(), Arc::clone(&enough));
                thread::spawn(move || {
                    let mut calls = 0;
                    while !enough.load(Ordering::Relaxed) {
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
        enough.store(true, Ordering::Relaxed);
        for caller in callers {
            assert!(caller.join().unwrap() > 0);
        }
        assert_ne!(process(&plugin), before);
    });
}

#[test]
fn eight_threads_call_at_once() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        thread::scope(|scope| {
            for number in 0..8_i64 {
                let plugin = &plugin;
                scope.spawn(move || {
                    for other in 0..100_i64 {
                        let sum = plugin.execute("add", format!("[{number},{other}]")).unwrap();
                        assert_eq!(sum, (number + other).to_string());
                    }
                });
            }
        });
    });
}

#[test]
fn answers_that_are_none_are_errors_for_callers_that_block() {
    for (mode, is_expected) in [
        (Mode::Garbage, (|error| matches!(error, Error::Protocol(_))) as fn(&Error) -> bool),
        (Mode::EndlessHead, |error| matches!(error, Error::Protocol(_))),
        (Mode::CutsOff, |error| matches!(error, Error::Crashed { .. })),
        (Mode::EndlessBody, |error| matches!(error, Error::TooLarge { .. })),
        (Mode::Trickle, |error| matches!(error, Error::Deadline { .. })),
        (Mode::FallsSilent, |error| matches!(error, Error::Deadline { .. })),
        (Mode::StoppedByCall, |error| matches!(error, Error::Deadline { .. })),
        (Mode::Aborts, |error| matches!(error, Error::Crashed { .. })),
    ] {
        stage(async |stage| {
            let keys = json!({
                "Name": "Misbehaving", "NameSpace": "hard", "Protocol": 2,
                "Exec": [MISBEHAVING, mode.name()],
            });
            stage.put_pconf("hard.Misbehaving.pconf", &keys);
            let builder = stage.registry().call_timeout(Duration::from_millis(500));
            let builder = builder.stop_timeout(Duration::from_millis(100)).body_limit(1 << 20);
            let registry = builder.start().await.unwrap();
            let plugin = Plugin::from(registry.load("Misbehaving", "hard").await.unwrap());
            let error = plugin.execute(METHOD, "input").unwrap_err();
            assert!(is_expected(&error), "{mode:?}: {error:?}");
            assert!(error.may_have_executed(), "{mode:?}: {error:?}");
            registry.stop().await;
        });
    }
}

#[test]
fn bodies_over_the_limit_are_refused_and_the_plugin_goes_on() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().body_limit(1 << 20).start().await.unwrap();
        let plugin = Plugin::from(stage.load_calculator(&registry).await.plugin().clone());
        let before = process(&plugin);
        assert_eq!(plugin.execute("zeros", (1 << 20).to_string()).unwrap().len(), 1 << 20);
        let answer = plugin.execute("zeros", ((1 << 20) + 1).to_string()).unwrap_err();
        assert!(matches!(answer, Error::TooLarge { limit: 0x10_0000 }), "{answer:?}");
        let request = plugin.execute("echo", vec![0; limits::MAX_BODY + 1]).unwrap_err();
        assert!(matches!(request, Error::TooLarge { .. }), "{request:?}");
        assert_eq!(process(&plugin), before);
    });
}

#[test]
fn the_handler_of_a_callback_may_block_and_call_the_plugin() {
    stage(async |stage| {
        let (_registry, plugin) = calculator(stage).await;
        let (sender, sums) = mpsc::channel();
        let caller = plugin.clone();
        let ticks = plugin.register_callback("tick", move |_| {
            drop(sender.send(caller.execute("add", "[2,3]").unwrap()));
        });
        let ticks = ticks.unwrap();
        plugin.execute("burst", "[2]").unwrap();
        for _ in 0..2 {
            assert_eq!(sums.recv_timeout(PATIENCE).unwrap(), "5");
        }
        ticks.unregister();
        until("nobody listens", || plugin.execute("burst", "[1]").is_err()).await;
    });
}

/// Runs this on a thread that has nothing to do with any runtime.
fn without_runtime(test: impl FnOnce() + Send) {
    thread::scope(|scope| scope.spawn(test).join().unwrap());
}

#[test]
fn a_host_needs_no_runtime() {
    stage(async |stage| {
        stage.install_calculator();
        without_runtime(|| {
            let registry = stage.registry().auto_discover(true).start_blocking().unwrap();
            let discovered = registry.discovered();
            assert_eq!((discovered.len(), discovered[0].name()), (1, "Calculator"));
            let calculator: CalculatorBlockingClient = registry.client().unwrap();
            stage.note_runtime_folder(registry.as_async());
            assert_eq!(calculator.add(2, 3).unwrap(), 5);
            let before = calculator.process().unwrap();
            registry.reload("Calculator", "math").unwrap();
            assert_ne!(calculator.process().unwrap(), before);
            calculator.plugin().unload().unwrap();
            let known = registry.get("Calculator", "math").unwrap();
            assert_eq!(known.as_async().state(), State::Discovered);
            let error = registry.load("Nobody", "").unwrap_err();
            assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
            registry.stop().unwrap();
            let error = registry.load("Calculator", "math").unwrap_err();
            assert!(matches!(error, Error::Stopped), "{error:?}");
        });
    });
}

#[test]
fn a_crash_is_noticed_and_repaired_without_a_runtime_of_the_hosts() {
    stage(async |stage| {
        stage.install_calculator();
        without_runtime(|| {
            let restart = restart_after(Duration::from_millis(20));
            let registry = stage.registry().restart(restart).start_blocking().unwrap();
            let plugin = registry.load("Calculator", "math").unwrap();
            stage.note_runtime_folder(registry.as_async());
            let error = plugin.execute("exit", "[3,1]").unwrap_err();
            let Error::Crashed { status, stderr, .. } = &error else { panic!("{error:?}") };
            assert_eq!(status, "exit status: 3");
            assert_eq!(stderr, &["line 1 before the end"]);
            assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
            // Without a stop: the stage sees that nothing is left.
        });
    });
}

#[test]
fn a_blocking_registry_within_a_runtime_neither_panics_nor_waits_for_itself() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().start_blocking().unwrap();
        let plugin = registry.load("Calculator", "math").unwrap();
        stage.note_runtime_folder(registry.as_async());
        let (sender, outcome) = mpsc::channel();
        let own: blocking::Registry = registry.clone();
        let handler = move |_| {
            let loaded = own.load("Calculator", "math").map(drop);
            drop(sender.send(loaded));
            std::future::ready(())
        };
        let ticks = plugin.as_async().register_callback("tick", handler).await.unwrap();
        plugin.execute("burst", "[1]").unwrap();
        let error = outcome.recv_timeout(PATIENCE).unwrap().unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        drop(registry);
        // The handler held the last clone.
        ticks.unregister();
    });
}
