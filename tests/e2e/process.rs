//! The process of a plugin, from its start to its orderly stop.

use std::time::Duration;

use goplug::{CallError, Error, Event, State};
use goplug_runtime::transport::{has_listener, is_inherited, variable_name};
use goplug_tests::fixtures::calculator::{CalculatorClient, Setup};
use goplug_tests::system::{KILLED_BY_HOST, is_left};

use crate::in_flight::GatedCall;
use crate::test_env::{Kind, WAIT_TIMEOUT, exists, is, kill, read_until, run_test, soon, until};

const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_plugin_is_started_by_the_program_of_its_file() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let process = calculator.process().await.unwrap();
        assert_ne!(process, std::process::id());
        assert_eq!(env.processes(), [process]);
        assert_eq!(calculator.plugin().process_id(), Some(process));
    });
}

#[test]
fn a_plugin_reports_its_name_version_and_methods() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin();
        assert_eq!((plugin.name(), plugin.namespace()), ("Calculator", "math"));
        assert_eq!(plugin.version().as_deref(), Some("1.2.3"));
        let methods = plugin.methods();
        assert!(methods.is_sorted() && methods.contains(&"add".to_owned()), "{methods:?}");
        assert_eq!(plugin.ping("are you there").await.unwrap(), "are you there");
    });
}

/// A variable of this process that a registry does not pass on.
fn own_variable() -> (String, String) {
    let is_own = |(name, _): &(String, String)| {
        // Windows has variables for its shell, whose names begin with `=`.
        !is_inherited(&variable_name(name.into())) && !name.starts_with('=')
    };
    std::env::vars().find(is_own).expect("there is no variable that could be withheld")
}

#[test]
fn a_plugin_gets_the_environment_that_the_host_chose() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().env("CHOSEN", "yes").start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;

        let environment = calculator.environment().await.unwrap();

        let of = |name: &str| environment.get(name).map(String::as_str);
        assert_eq!(of("CHOSEN"), Some("yes"));
        assert_eq!(of("GOPLUG_NAME"), Some("Calculator"));
        assert_eq!(of("GOPLUG_NAMESPACE"), Some("math"));
        assert_eq!(of("GOPLUG_PROTOCOL"), Some("2"));
        let socket = calculator.plugin().socket().unwrap();
        assert_eq!(of("GOPLUG_SOCK"), socket.to_str());
        assert_eq!(of(&own_variable().0), None);
    });
}

#[test]
fn the_whole_environment_is_passed_on_if_the_host_says_so() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().inherit_env().start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let environment = calculator.environment().await.unwrap();
        let (name, value) = own_variable();
        assert_eq!(environment.get(&name), Some(&value));
    });
}

#[test]
fn the_activation_gets_the_hosts_configuration() {
    run_test(async |env| {
        env.install_calculator();
        let setup = Setup { greeting: Some("hello".into()), ..Setup::default() };
        let builder = env.registry().configure("Calculator", "math", &setup);
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        assert_eq!(calculator.greeting().await.unwrap().as_deref(), Some("hello"));
    });
}

#[test]
fn without_a_configuration_the_activation_gets_none() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        assert_eq!(calculator.greeting().await.unwrap(), None);
    });
}

#[test]
fn a_flood_of_output_does_not_block_calls() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        // A megabyte on each pipe; a pipe holds 64 KiB.
        calculator.print(5_000).await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn unloading_runs_the_stop_hook_and_ends_the_process() {
    run_test(async |env| {
        env.install_calculator();
        let stopped = env.path("stopped");
        let setup = Setup { stopped: Some(stopped.clone()), ..Setup::default() };
        let builder = env.registry().configure("Calculator", "math", &setup);
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let (plugin, socket) = (calculator.plugin(), calculator.plugin().socket().unwrap());
        let process = plugin.process_id().unwrap();

        registry.unload(plugin).await.unwrap();

        assert!(stopped.exists());
        assert!(!exists(process));
        assert!(!has_listener(&socket).unwrap());
        assert_eq!(plugin.state(), State::Discovered);
        assert_eq!((plugin.process_id(), plugin.socket()), (None, None));
        assert!(registry.is_discovered("Calculator", "math"));
    });
}

#[test]
fn a_call_of_an_unloaded_plugin_says_that_it_is_not_loaded() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        calculator.plugin().unload().await.unwrap();
        let error = calculator.add(2, 3).await.unwrap_err();
        assert_eq!(error.to_string(), "math.Calculator is not available: it is not loaded");
        assert!(matches!(error, Error::Unavailable { .. }) && !error.may_have_executed());
    });
}

#[test]
fn unloading_a_plugin_that_is_not_loaded_does_nothing() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        calculator.plugin().unload().await.unwrap();
        calculator.plugin().unload().await.unwrap();
        let events = registry.events();
        registry.stop().await.unwrap();
        let mut events = events;
        let mut stops = 0;
        while let Some(event) = events.next().await {
            stops += usize::from(matches!(event, Event::Stopped { .. }));
        }
        assert_eq!(stops, 0);
    });
}

#[test]
fn an_unload_waits_for_calls_in_flight() {
    run_test(async |env| {
        env.install_calculator();
        let stopped = env.path("stopped");
        let setup = Setup { stopped: Some(stopped.clone()), ..Setup::default() };
        let builder = env.registry().configure("Calculator", "math", &setup);
        let registry = builder.stop_timeout(WAIT_TIMEOUT).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let call = GatedCall::start(env, &calculator).await;
        let plugin = calculator.plugin().clone();
        let unload = tokio::spawn(async move { plugin.unload().await });
        // The stop hook runs while the call is in flight.
        until("the stop hook has run", || stopped.exists()).await;
        assert!(!call.is_finished() && !unload.is_finished());

        call.finish().await.unwrap();

        soon("the end of the unload", unload).await.unwrap().unwrap();
    });
}

#[test]
fn a_plugin_that_hangs_when_it_stops_is_killed_after_the_stop_timeout() {
    run_test(async |env| {
        env.install_calculator();
        let setup = Setup { hang_at_stop: true, ..Setup::default() };
        let builder = env.registry().configure("Calculator", "math", &setup).stop_timeout(SHORT);
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        assert!(!exists(process));
    });
}

#[test]
fn a_plugin_whose_only_thread_is_blocked_is_killed_after_the_stop_timeout() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().stop_timeout(SHORT).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        let (begun, caller) = (env.path("begun"), calculator.clone());
        let flag = begun.clone();
        let call = tokio::spawn(async move { caller.block(600_000, flag).await });
        until("the call has begun", || begun.exists()).await;

        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();

        assert!(!exists(process));
        let error = soon("the end of the call", call).await.unwrap().unwrap_err();
        let CallError::Goplug(Error::Unfinished { status, .. }) = error else {
            panic!("{error:?}")
        };
        assert_eq!(status, format!("this host has stopped it: {KILLED_BY_HOST}"));
    });
}

#[test]
fn child_processes_of_a_plugin_end_with_it() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let grandchild = calculator.start_child().await.unwrap();
        assert!(exists(grandchild));
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        until("what it started is gone", || !env.processes().contains(&grandchild)).await;
    });
}

#[test]
fn a_reload_starts_a_new_process_for_the_same_client() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let before = calculator.process().await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        let after = calculator.process().await.unwrap();
        assert_ne!(before, after);
        until("the old process is gone", || env.processes() == [after]).await;
    });
}

#[test]
fn a_reload_reads_the_pconf_again() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        env.put_pconf(
            "math.Calculator.pconf",
            &serde_json::json!({"Name": "Calculator", "NameSpace": "math", "Exec": ["nowhere"]}),
        );
        let error = registry.reload("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
        assert_eq!(calculator.plugin().state(), State::Loaded);
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_stop_ends_every_process_and_removes_every_socket() {
    run_test(async |env| {
        env.install_calculator();
        env.install_counter();
        let registry = env.registry().start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        registry.load("Counter", "demo").await.unwrap();
        let socket = env.note_socket(&registry);
        assert_eq!(env.processes().len(), 2);

        registry.stop().await.unwrap();

        assert!(env.processes().is_empty());
        assert!(!is_left(&socket));
        assert_eq!(calculator.plugin().state(), State::Stopped);
        let error = calculator.add(2, 3).await.unwrap_err();
        assert_eq!(error.to_string(), "math.Calculator is not available: it is stopped");
    });
}

#[test]
fn a_load_during_a_stop_leaves_no_process() {
    run_test(async |env| {
        env.install_calculator();
        for _ in 0..10 {
            let registry = env.registry().start().await.unwrap();
            let (stopping, loading) = (registry.clone(), registry.clone());
            let stop = tokio::spawn(async move { stopping.stop().await });
            let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
            soon("the stop", stop).await.unwrap().unwrap();
            drop(soon("the load", load).await.unwrap());
            assert!(env.processes().is_empty());
        }
    });
}

#[test]
fn dropping_the_registry_kills_its_plugins() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let process = calculator.process().await.unwrap();
        drop(registry);
        until("the process is gone", || !exists(process)).await;
        until("the handle says so", || calculator.plugin().state() == State::Stopped).await;
        let error = calculator.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn dropping_the_registry_while_it_loads_kills_the_plugin() {
    run_test(async |env| {
        env.install_calculator();
        let setup = Setup { hang: true, ..Setup::default() };
        let builder = env.registry().configure("Calculator", "math", &setup);
        let registry = builder.start_timeout(Duration::from_secs(600)).start().await.unwrap();
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
        until("the process has started", || !env.processes().is_empty()).await;
        load.abort();
        drop(load.await);
        drop(registry);
        until("the process is gone", || env.processes().is_empty()).await;
    });
}

#[test]
fn a_load_whose_caller_is_gone_finishes() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start().await.unwrap();
        let mut events = registry.events();
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
        until("the process has started", || !env.processes().is_empty()).await;
        load.abort();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_process_that_ended_is_reaped() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let killed = calculator.process().await.unwrap();
        kill(killed);
        until("it is reaped", || !exists(killed)).await;
        registry.load("Calculator", "math").await.unwrap();
        let dropped = calculator.process().await.unwrap();
        drop(registry);
        until("it is reaped", || !exists(dropped)).await;
    });
}
