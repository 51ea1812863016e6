//! Instances that start for a call, and calls that wait for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use goplug::{Error, Event, Registry, Restart, State};
use goplug_tests::fixtures::calculator::Setup;
use goplug_tests::fixtures::store::first;
use goplug_tests::system;

use super::{Held, handle, of_instance, processes};
use crate::contracts;
use crate::test_env::{TestEnv, kill, read_until, run_test, until};

/// Longer than a loaded machine takes from a load to the first call.
const IDLE: Duration = Duration::from_secs(2);

/// Waits until a plugin was stopped since it was idle.
async fn idle(env: &TestEnv, registry: &Registry, name: &str, namespace: &str) {
    let plugin = registry.get(name, namespace).unwrap();
    until("the idle stop", || plugin.state() == State::Discovered && env.processes().is_empty())
        .await;
}

#[test]
fn a_call_that_all_instances_refuse_waits_for_the_one_that_is_restarted() {
    run_test(async |env| {
        env.install_calculator();
        let needed = env.path("needed");
        std::fs::write(&needed, "").unwrap();
        let setup = Setup { exit: Some(3), needs: Some(needed.clone()), ..Setup::default() };
        let wait = Duration::from_millis(20);
        let registry = env
            .registry()
            .restart(Restart::transient().backoff(wait, wait).intensity(100_000, wait))
            .plugin("Calculator", "math", |policy| policy.instances(2))
            .configure("Calculator", "math", &setup)
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        let held = Held::start(env, &calculator, "held").await;
        let instances = || handle(&registry).stats().instances;
        let holder = instances().iter().position(|it| it.in_flight == 1).unwrap();
        std::fs::remove_file(&needed).unwrap();
        let stopping = processes(&registry)[holder];
        kill(processes(&registry)[1 - holder]);
        until("one has crashed", || processes(&registry) == [stopping]).await;
        if !system::terminate(stopping) {
            return;
        }
        // It finishes the call that it has, and refuses all others.
        let hasty = calculator.clone().with_timeout(Duration::from_millis(300));
        while hasty.add(1, 2).await.is_ok() {}
        let before = instances()[holder].calls;
        let error = hasty.add(1, 2).await.unwrap_err();
        assert!(error.to_string().contains("it is being restarted"), "{error}");
        assert!(instances()[holder].calls <= before + 1, "{before}: {:?}", instances());
        std::fs::write(&needed, "").unwrap();
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        held.end().await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_call_starts_an_instance_rather_than_wait_for_the_back_off_of_another() {
    run_test(async |env| {
        env.install_calculator();
        let (fails, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (failing, asked) = (Arc::clone(&fails), Arc::clone(&count));
        let configure = move |_: &goplug::DiscoveredPlugin| {
            if !failing.load(Ordering::SeqCst) {
                return Ok(None);
            }
            // The first process cannot start, and the second gets no configuration.
            match asked.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(Some(Setup { exit: Some(3), ..Setup::default() })),
                _ => Err("the store of configurations is closed"),
            }
        };
        let long = Duration::from_secs(600);
        let registry = env
            .registry()
            .restart(Restart::transient().backoff(long, long))
            .plugin("Calculator", "math", |policy| policy.instances(2).idle_stop(IDLE))
            .configure_with(configure)
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        idle(env, &registry, "Calculator", "math").await;
        fails.store(true, Ordering::SeqCst);
        let error = calculator.add(1, 2).await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        fails.store(false, Ordering::SeqCst);
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        assert_eq!(processes(&registry).len(), 1);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_call_of_a_client_that_does_not_fit_starts_no_instance() {
    run_test(async |env| {
        contracts::install(env, "demanding");
        let registry = env
            .registry()
            .plugin("Store", "acme", |policy| policy.instances(3).idle_stop(IDLE))
            .start()
            .await
            .unwrap();
        let plugin = registry.load("Store", "acme").await.unwrap();
        env.note_socket(&registry);
        idle(env, &registry, "Store", "acme").await;
        let store: first::StoreClient = plugin.client().unwrap();
        let error = store.sell(contracts::order()).await.unwrap_err();
        assert!(matches!(error, Error::Contract { .. }), "{error:?}");
        assert!(env.processes().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_call_that_starts_an_idle_plugin_starts_all_instances() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env
            .registry()
            .plugin("Calculator", "math", |policy| policy.instances(3).idle_stop(IDLE))
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        for key in 0..3 {
            idle(env, &registry, "Calculator", "math").await;
            let mut events = registry.events();
            calculator.clone().keyed(&key).add(1, 2).await.unwrap();
            let mut started = 0;
            read_until(&mut events, "all are started", |event| {
                let is_load = matches!(of_instance(event), Some((_, Event::Loaded { .. })));
                started += usize::from(is_load);
                started == 3
            })
            .await;
        }
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_load_whose_future_is_dropped_starts_all_instances() {
    run_test(async |env| {
        env.install_calculator();
        let (gate, begun) = (env.path("gate"), env.path("gate.begun"));
        let setup = Setup { wait_for: Some(gate.clone()), ..Setup::default() };
        let registry = env
            .registry()
            .plugin("Calculator", "math", |policy| policy.instances(3))
            .configure("Calculator", "math", &setup)
            .start()
            .await
            .unwrap();
        tokio::select! {
            loaded = registry.load("Calculator", "math") => panic!("{loaded:?}"),
            () = until("the first is being started", || begun.exists()) => {}
        }
        std::fs::write(&gate, "").unwrap();
        until("all are started", || processes(&registry).len() == 3).await;
        registry.stop().await.unwrap();
    });
}
