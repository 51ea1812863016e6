//! A stop is that of all instances, whatever goes on with one of them.

use std::future::ready;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use goplug::{Plugin, Registry, Restart, State};
use goplug_tests::fixtures::calculator::{CalculatorClient, Setup};

use super::{handle, processes};
use crate::test_env::{TestEnv, kill, run_test, soon, until};

/// What [`Setup::wait_for`] makes when the activation waits.
fn begun(gate: &Path) -> PathBuf {
    PathBuf::from(format!("{}.begun", gate.display()))
}

fn waiting_for(gate: &Path) -> Setup {
    Setup { wait_for: Some(gate.into()), ..Setup::default() }
}

/// A registry with three instances of the calculator, each of which waits for the gate when it starts.
async fn gated(env: &TestEnv, gate: &Path, idle_stop: Option<Duration>) -> Registry {
    env.install_calculator();
    let registry = env.registry().configure("Calculator", "math", &waiting_for(gate));
    let registry = registry.plugin("Calculator", "math", move |policy| match idle_stop {
        Some(limit) => policy.instances(3).idle_stop(limit),
        None => policy.instances(3),
    });
    registry.start().await.unwrap()
}

/// Closes the gate behind the instances that are loaded.
async fn load_and_close(registry: &Registry, gate: &Path) {
    std::fs::write(gate, "").unwrap();
    registry.load("Calculator", "math").await.unwrap();
    std::fs::remove_file(gate).unwrap();
    std::fs::remove_file(begun(gate)).unwrap();
}

/// Unloads the plugin when the first of its instances is being replaced, and opens the gate then.
async fn unload_midway(
    registry: &Registry,
    gate: &Path,
    replacing: impl Future<Output = goplug::Result<Plugin>> + Send + 'static,
) {
    let replacing = tokio::spawn(replacing);
    until("the first is being replaced", || begun(gate).exists()).await;
    let plugin = handle(registry);
    let unloading = tokio::spawn(async move { plugin.unload().await });
    until("the others have stopped", || processes(registry).len() == 1).await;
    std::fs::write(gate, "").unwrap();
    soon("the unload", unloading).await.unwrap().unwrap();
    soon("the replacement", replacing).await.unwrap().unwrap();
}

#[test]
fn an_unload_ends_a_reload_that_has_replaced_one_of_three() {
    run_test(async |env| {
        let gate = env.path("gate");
        let registry = gated(env, &gate, None).await;
        load_and_close(&registry, &gate).await;
        let again = registry.clone();
        let reloading = async move { again.reload("Calculator", "math").await };
        unload_midway(&registry, &gate, reloading).await;
        assert!(env.processes().is_empty());
        assert_eq!(handle(&registry).state(), State::Discovered);
        // What comes after the unload starts all.
        registry.reload("Calculator", "math").await.unwrap();
        assert_eq!(processes(&registry).len(), 3);
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_unload_during_a_new_configuration_leaves_none_and_the_next_load_has_it() {
    run_test(async |env| {
        let gate = env.path("gate");
        let registry = gated(env, &gate, None).await;
        load_and_close(&registry, &gate).await;
        let setup = Setup { greeting: Some("hello".into()), ..waiting_for(&gate) };
        let again = registry.clone();
        let configuring = async move { again.reconfigure("Calculator", "math", &setup).await };
        unload_midway(&registry, &gate, configuring).await;
        assert!(env.processes().is_empty());
        let calculator: CalculatorClient = registry.client().await.unwrap();
        for _ in 0..3 {
            assert_eq!(calculator.greeting().await.unwrap().as_deref(), Some("hello"));
        }
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_unload_ends_a_load_that_has_started_one_of_three() {
    run_test(async |env| {
        let gate = env.path("gate");
        let registry = gated(env, &gate, None).await;
        let loading = {
            let registry = registry.clone();
            tokio::spawn(async move { registry.load("Calculator", "math").await.map(drop) })
        };
        until("the first is being started", || begun(&gate).exists()).await;
        let plugin = handle(&registry);
        let mut unloading = pin!(plugin.unload());
        // It is asked for once it was polled.
        tokio::select! {
            biased;
            unloaded = unloading.as_mut() => panic!("{unloaded:?}"),
            () = ready(()) => {}
        }
        std::fs::write(&gate, "").unwrap();
        soon("the unload", unloading).await.unwrap();
        soon("the load", loading).await.unwrap().unwrap();
        assert!(env.processes().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_idle_stop_ends_the_restart_that_was_planned_and_the_next_call_starts_all() {
    run_test(async |env| {
        env.install_calculator();
        let long = Duration::from_secs(600);
        let registry = env
            .registry()
            .restart(Restart::transient().backoff(long, long))
            .plugin("Calculator", "math", |policy| {
                policy.instances(3).idle_stop(Duration::from_millis(300))
            })
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        kill(processes(&registry)[1]);
        until("all have stopped", || env.processes().is_empty()).await;
        until("the idle stop", || handle(&registry).state() == State::Discovered).await;
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        until("all are started", || processes(&registry).len() == 3).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn instances_that_are_being_replaced_are_not_idle() {
    run_test(async |env| {
        let (gate, idle) = (env.path("gate"), Duration::from_millis(300));
        let registry = gated(env, &gate, Some(idle)).await;
        load_and_close(&registry, &gate).await;
        let reloading = {
            let registry = registry.clone();
            tokio::spawn(async move { registry.reload("Calculator", "math").await.map(drop) })
        };
        until("the first is being replaced", || begun(&gate).exists()).await;
        let serving = processes(&registry);
        tokio::time::sleep(4 * idle).await;
        assert_eq!(processes(&registry), serving);
        std::fs::write(&gate, "").unwrap();
        soon("the reload", reloading).await.unwrap().unwrap();
        registry.stop().await.unwrap();
    });
}
