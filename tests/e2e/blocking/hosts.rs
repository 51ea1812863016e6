//! Hosts that are not async: they need no runtime, and do no harm within one.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use goplug::{Error, State, blocking};
use goplug_tests::fixtures::calculator::CalculatorBlockingClient;

use super::{calculator, process, restart_after};
use crate::test_env::{WAIT_TIMEOUT, run_test};

/// Runs this on a thread outside of every runtime.
fn without_runtime(test: impl FnOnce() + Send) {
    thread::scope(|scope| scope.spawn(test).join().unwrap());
}

#[test]
fn a_host_needs_no_runtime() {
    run_test(async |env| {
        env.install_calculator();
        without_runtime(|| {
            let registry = env.registry().auto_discover(true).start_blocking().unwrap();
            let discovered = registry.discovered();
            assert_eq!((discovered.len(), discovered[0].name()), (1, "Calculator"));
            let calculator: CalculatorBlockingClient = registry.client().unwrap();
            env.note_socket(registry.as_async());
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
fn a_host_without_a_runtime_restarts_a_crashed_plugin() {
    run_test(async |env| {
        env.install_calculator();
        without_runtime(|| {
            let restart = restart_after(Duration::from_millis(20));
            let registry = env.registry().restart(restart).start_blocking().unwrap();
            let plugin = registry.load("Calculator", "math").unwrap();
            env.note_socket(registry.as_async());
            let error = plugin.execute("exit", "[3,1]").unwrap_err();
            let Error::Crashed { status, stderr, .. } = &error else { panic!("{error:?}") };
            assert_eq!(status, "exit status: 3");
            assert_eq!(stderr, &["line 1 before the end"]);
            assert_eq!(plugin.execute("add", "[2,3]").unwrap(), "5");
            // It is dropped without a stop: the end of the test checks that nothing is left.
        });
    });
}

#[test]
fn a_blocking_registry_within_a_runtime_neither_panics_nor_deadlocks() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start_blocking().unwrap();
        let plugin = registry.load("Calculator", "math").unwrap();
        env.note_socket(registry.as_async());
        let (sender, outcome) = mpsc::channel();
        let own: blocking::Registry = registry.clone();
        let handler = move |_| {
            let loaded = own.load("Calculator", "math").map(drop);
            drop(sender.send(loaded));
            std::future::ready(())
        };
        let ticks = plugin.as_async().register_callback("tick", handler).await.unwrap();
        plugin.execute("burst", "[1]").unwrap();
        let error = outcome.recv_timeout(WAIT_TIMEOUT).unwrap().unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        drop(registry);
        // The handler has the last clone.
        ticks.unregister();
    });
}

#[test]
fn a_blocking_handle_says_of_its_plugin_what_the_async_one_does() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        let other = plugin.as_async().clone();
        assert_eq!((plugin.name(), plugin.namespace()), ("Calculator", "math"));
        assert_eq!(plugin.id(), other.id());
        assert_eq!(plugin.state(), State::Loaded);
        assert_eq!(plugin.process_id(), Some(process(&plugin)));
        assert_eq!(plugin.socket(), other.socket());
        assert_eq!(plugin.version(), other.version());
        assert_eq!(plugin.descriptor(), other.descriptor());
        assert_eq!((plugin.methods(), plugin.signatures()), (other.methods(), other.signatures()));
        assert!(plugin.methods().contains(&"add".to_owned()));

        plugin.unload().unwrap();
        assert_eq!((plugin.state(), plugin.process_id()), (State::Discovered, None));
        assert_eq!((plugin.socket(), plugin.descriptor()), (None, None));
    });
}

#[test]
fn a_blocking_registry_knows_its_plugins_by_name_and_stops_them() {
    run_test(async |env| {
        env.install_calculator();
        without_runtime(|| {
            let registry = env.registry().start_blocking().unwrap();
            assert!(registry.is_discovered("Calculator", "math"));
            assert!(!registry.is_discovered("Calculator", ""));
            let plugin = registry.load("Calculator", "math").unwrap();
            assert!(registry.is_loaded("Calculator", "math"));
            registry.unload(&plugin).unwrap();
            assert!(!registry.is_loaded("Calculator", "math"));
        });
    });
}
