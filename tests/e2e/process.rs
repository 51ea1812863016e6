//! A plugin's process from its start to its end in good order.

use std::time::Duration;

use goplug::{CallError, Error, Event, State};
use goplug_tests::fixtures::calculator::{CalculatorClient, Setup};

use crate::stage::{Kind, exists, is, kill, read_until, soon, stage, until};

const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_plugin_is_started_by_the_program_of_its_file() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let process = calculator.process().await.unwrap();
        assert_ne!(process, std::process::id());
        assert_eq!(stage.processes(), [process]);
        assert_eq!(calculator.plugin().process_id(), Some(process));
    });
}

#[test]
fn a_plugin_says_what_it_is() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let plugin = calculator.plugin();
        assert_eq!((plugin.name(), plugin.namespace()), ("Calculator", "math"));
        assert_eq!(plugin.version().as_deref(), Some("1.2.3"));
        let methods = plugin.methods();
        assert!(methods.is_sorted() && methods.contains(&"add".to_owned()), "{methods:?}");
        assert_eq!(plugin.ping("are you there").await.unwrap(), "are you there");
    });
}

/// A variable of this process that is none of those that a registry passes on.
fn own_variable() -> (String, String) {
    let passed_on =
        ["HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"];
    let is_own = |(name, _): &(String, String)| {
        !passed_on.contains(&name.as_str()) && !name.starts_with("RUST_")
    };
    std::env::vars().find(is_own).expect("there is no variable that could be withheld")
}

#[test]
fn the_environment_is_what_the_host_chose() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().env("CHOSEN", "yes").start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;

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
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().inherit_env().start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let environment = calculator.environment().await.unwrap();
        let (name, value) = own_variable();
        assert_eq!(environment.get(&name), Some(&value));
    });
}

#[test]
fn the_activation_gets_the_hosts_configuration() {
    stage(async |stage| {
        stage.install_calculator();
        let setup = Setup { greeting: Some("hello".into()), ..Setup::default() };
        let builder = stage.registry().configure("Calculator", "math", &setup);
        let registry = builder.start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        assert_eq!(calculator.greeting().await.unwrap().as_deref(), Some("hello"));
    });
}

#[test]
fn without_a_configuration_the_activation_gets_none() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        assert_eq!(calculator.greeting().await.unwrap(), None);
    });
}

#[test]
fn a_flood_of_output_holds_nobody_up() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        // Ten megabytes on either pipe, which hold 64 KiB.
        calculator.print(50_000).await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn unloading_runs_the_stop_hook_and_ends_the_process() {
    stage(async |stage| {
        stage.install_calculator();
        let stopped = stage.path("stopped");
        let setup = Setup { stopped: Some(stopped.clone()), ..Setup::default() };
        let builder = stage.registry().configure("Calculator", "math", &setup);
        let registry = builder.start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let (plugin, socket) = (calculator.plugin(), calculator.plugin().socket().unwrap());
        let process = plugin.process_id().unwrap();

        registry.unload(plugin).await.unwrap();

        assert!(stopped.exists());
        assert!(!exists(process));
        assert!(!socket.exists());
        assert_eq!(plugin.state(), State::Discovered);
        assert_eq!((plugin.process_id(), plugin.socket()), (None, None));
        assert!(registry.is_discovered("Calculator", "math"));
    });
}

#[test]
fn a_call_of_an_unloaded_plugin_says_that_it_is_not_loaded() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        calculator.plugin().unload().await.unwrap();
        let error = calculator.add(2, 3).await.unwrap_err();
        assert_eq!(error.to_string(), "math.Calculator is not available: it is not loaded");
        assert!(matches!(error, Error::Unavailable { .. }) && !error.may_have_executed());
    });
}

#[test]
fn unloading_what_is_not_loaded_does_nothing() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        calculator.plugin().unload().await.unwrap();
        calculator.plugin().unload().await.unwrap();
        let events = registry.events();
        registry.stop().await;
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
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(300, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        calculator.plugin().unload().await.unwrap();
        call.await.unwrap().unwrap();
    });
}

#[test]
fn a_plugin_that_hangs_when_it_stops_is_killed_after_the_grace_period() {
    stage(async |stage| {
        stage.install_calculator();
        let setup = Setup { hang_at_stop: true, ..Setup::default() };
        let builder = stage.registry().configure("Calculator", "math", &setup).stop_timeout(SHORT);
        let registry = builder.start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        assert!(!exists(process));
    });
}

#[test]
fn a_plugin_whose_only_thread_is_blocked_is_killed_after_the_grace_period() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().stop_timeout(SHORT).start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        let (begun, caller) = (stage.path("begun"), calculator.clone());
        let flag = begun.clone();
        let call = tokio::spawn(async move { caller.block(600_000, flag).await });
        until("the call has begun", || begun.exists()).await;

        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();

        assert!(!exists(process));
        let error = soon("the end of the call", call).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Goplug(Error::Crashed { .. })), "{error:?}");
    });
}

#[test]
fn a_stopped_process_does_not_hold_an_unload_up() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().stop_timeout(SHORT).start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        let pid = rustix::process::Pid::from_raw(process.try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        assert!(!exists(process));
    });
}

#[test]
fn what_a_plugin_started_ends_with_it() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let grandchild = calculator.start_child().await.unwrap();
        assert!(exists(grandchild));
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        until("what it started is gone", || !stage.processes().contains(&grandchild)).await;
    });
}

#[test]
fn a_reload_starts_a_new_process_beneath_the_same_client() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let before = calculator.process().await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        let after = calculator.process().await.unwrap();
        assert_ne!(before, after);
        until("the old process is gone", || stage.processes() == [after]).await;
    });
}

#[test]
fn a_reload_goes_by_what_the_file_says_by_now() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        stage.put_pconf(
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
    stage(async |stage| {
        stage.install_calculator();
        stage.install_counter();
        let registry = stage.registry().start().await.unwrap();
        let calculator = stage.load_calculator(&registry).await;
        registry.load("Counter", "demo").await.unwrap();
        let folder = stage.note_runtime_folder(&registry);
        assert_eq!(stage.processes().len(), 2);

        registry.stop().await;

        assert!(stage.processes().is_empty());
        assert!(!folder.exists());
        assert_eq!(calculator.plugin().state(), State::Stopped);
        let error = calculator.add(2, 3).await.unwrap_err();
        assert_eq!(error.to_string(), "math.Calculator is not available: it is stopped");
    });
}

#[test]
fn a_load_that_comes_with_the_stop_leaves_no_process() {
    stage(async |stage| {
        stage.install_calculator();
        for _ in 0..10 {
            let registry = stage.registry().start().await.unwrap();
            let (stopping, loading) = (registry.clone(), registry.clone());
            let stop = tokio::spawn(async move { stopping.stop().await });
            let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
            soon("the stop", stop).await.unwrap();
            drop(soon("the load", load).await.unwrap());
            assert!(stage.processes().is_empty());
        }
    });
}

#[test]
fn dropping_the_registry_kills_its_plugins() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
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
    stage(async |stage| {
        stage.install_calculator();
        let setup = Setup { hang: true, ..Setup::default() };
        let builder = stage.registry().configure("Calculator", "math", &setup);
        let registry = builder.start_timeout(Duration::from_secs(600)).start().await.unwrap();
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
        until("the process has started", || !stage.processes().is_empty()).await;
        load.abort();
        drop(load.await);
        drop(registry);
        until("the process is gone", || stage.processes().is_empty()).await;
    });
}

#[test]
fn a_load_that_nobody_waits_for_finishes_by_itself() {
    stage(async |stage| {
        stage.install_calculator();
        let registry = stage.registry().start().await.unwrap();
        let mut events = registry.events();
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
        until("the process has started", || !stage.processes().is_empty()).await;
        load.abort();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn nothing_of_a_process_remains_to_be_reaped() {
    stage(async |stage| {
        let (registry, calculator) = stage.calculator().await;
        let killed = calculator.process().await.unwrap();
        kill(killed);
        until("it is reaped", || !exists(killed)).await;
        registry.load("Calculator", "math").await.unwrap();
        let dropped = calculator.process().await.unwrap();
        drop(registry);
        until("it is reaped", || !exists(dropped)).await;
    });
}
