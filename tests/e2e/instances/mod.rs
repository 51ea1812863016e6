//! Several instances of one plugin: which of them takes a call, and what happens to each.

mod callbacks;
mod configurations;
mod failures;
mod keyed;
mod on_demand;
mod stops;
mod upgrades;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use goplug::{Event, Plugin, PluginType, Registry, Restart, State};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use tokio::task::JoinHandle;

use crate::foreign::SelfStarted;
use crate::test_env::{Kind, TestEnv, is, kill, read_until, run_test, soon, until};

/// A registry with this many instances of the calculator, restarted after crashes, and its client.
async fn instances(env: &TestEnv, count: usize) -> (Registry, CalculatorClient) {
    env.install_calculator();
    let registry = env
        .registry()
        .restart(Restart::transient())
        .plugin("Calculator", "math", move |policy| policy.instances(count))
        .start()
        .await
        .unwrap();
    let calculator = env.load_calculator(&registry).await;
    (registry, calculator)
}

fn handle(registry: &Registry) -> Plugin {
    registry.get(Calculator::NAME, Calculator::NAMESPACE).unwrap()
}

/// The process of each instance that takes calls.
fn processes(registry: &Registry) -> Vec<u32> {
    handle(registry).stats().instances.iter().filter_map(|it| it.process_id).collect()
}

/// The event within an event of one instance.
fn of_instance(event: &Event) -> Option<(usize, &Event)> {
    match event {
        Event::Instance { instance, event, .. } => Some((*instance, event)),
        _ => None,
    }
}

/// A call that lasts until its gate is there, on some instance.
struct Held {
    call: JoinHandle<()>,
    gate: PathBuf,
}

impl Held {
    async fn start(env: &TestEnv, calculator: &CalculatorClient, name: &str) -> Self {
        let (begun, gate) = (env.path(&format!("{name}.begun")), env.path(&format!("{name}.gate")));
        let (caller, flag, file) = (calculator.clone(), begun.clone(), gate.clone());
        let call = tokio::spawn(async move { caller.wait_at(flag, file).await.unwrap() });
        until("the call has begun", || begun.exists()).await;
        Self { call, gate }
    }

    async fn end(self) {
        std::fs::write(&self.gate, "").unwrap();
        soon("the end of the call", self.call).await.unwrap();
    }
}

#[test]
fn calls_go_to_the_instance_with_the_fewest_in_flight() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 3).await;
        let of_calls = || -> Vec<usize> {
            handle(&registry).stats().instances.iter().map(|it| it.in_flight).collect()
        };
        let mut held = Vec::new();
        for name in ["a", "b", "c", "d"] {
            held.push(Held::start(env, &calculator, name).await);
        }
        let mut counts = of_calls();
        counts.sort_unstable();
        assert_eq!(counts, [1, 1, 2]);
        let busiest = of_calls().iter().position(|count| *count == 2).unwrap();
        for _ in 0..9 {
            let process = calculator.process().await.unwrap();
            assert_ne!(process, processes(&registry)[busiest]);
        }
        for held in held {
            held.end().await;
        }
        registry.stop().await.unwrap();
    });
}

#[test]
fn instances_without_calls_take_turns() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 3).await;
        let mut took = Vec::new();
        for _ in 0..6 {
            took.push(calculator.process().await.unwrap());
        }
        assert_eq!(took[..3], took[3..]);
        assert_eq!(took.iter().collect::<BTreeSet<_>>().len(), 3);
        let stats = handle(&registry).stats();
        assert_eq!(stats.calls, 6);
        assert!(stats.instances.iter().all(|it| it.is_loaded && it.calls == 2), "{stats:?}");
        let memory = stats.instances.iter().map(|it| it.resident_memory.unwrap()).sum();
        assert_eq!(stats.resident_memory, Some(memory));
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_with_one_instance_has_the_events_that_it_had() {
    run_test(async |env| {
        let (registry, _calculator) = instances(env, 1).await;
        let mut events = registry.events();
        kill(processes(&registry)[0]);
        let seen =
            read_until(&mut events, "the restart", is(Kind::Restarted, "math.Calculator")).await;
        assert!(seen.iter().all(|event| of_instance(event).is_none()), "{seen:?}");
        assert_eq!(handle(&registry).stats().instances[0].restarts, 1);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_load_and_a_stop_are_those_of_all() {
    run_test(async |env| {
        let (registry, _calculator) = instances(env, 4).await;
        let mut running = env.processes();
        let mut known = processes(&registry);
        running.sort_unstable();
        known.sort_unstable();
        assert_eq!((running.len(), &running), (4, &known));
        let plugin = handle(&registry);
        let mut events = registry.events();
        plugin.unload().await.unwrap();
        assert!(env.processes().is_empty());
        assert_eq!(plugin.state(), State::Discovered);
        let seen = read_until(&mut events, "the stop", is(Kind::Stopped, "math.Calculator")).await;
        let stopped = seen.iter().filter_map(of_instance);
        assert!(stopped.filter(|(_, event)| matches!(event, Event::Stopped { .. })).count() >= 1);
        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(env.processes().len(), 4);
        registry.stop().await.unwrap();
        assert!(env.processes().is_empty());
    });
}

#[test]
fn all_instances_stop_when_the_plugin_is_idle_and_the_next_call_starts_them() {
    run_test(async |env| {
        env.install_calculator();
        let idle = Duration::from_millis(300);
        let registry = env
            .registry()
            .plugin("Calculator", "math", move |policy| policy.instances(3).idle_stop(idle))
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        let held = Held::start(env, &calculator, "held").await;
        // Two of them have had no call for long, and the plugin is not idle.
        tokio::time::sleep(3 * idle).await;
        assert_eq!(env.processes().len(), 3);
        held.end().await;
        until("all have stopped", || env.processes().is_empty()).await;
        assert_eq!(handle(&registry).state(), State::Discovered);
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        until("all are started", || processes(&registry).len() == 3).await;
        until("all have stopped again", || env.processes().is_empty()).await;
        assert_eq!(calculator.clone().keyed("one").add(1, 2).await.unwrap(), 3);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_another_process_starts_has_one_instance() {
    run_test(async |env| {
        let serving = SelfStarted::start(env);
        until("it serves", || env.folder().join("math.Calculator.pconf").exists()).await;
        let registry = env
            .registry()
            .plugin("Calculator", "math", |policy| policy.instances(3))
            .start()
            .await
            .unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        let loaded: Vec<_> =
            handle(&registry).stats().instances.iter().map(|it| it.is_loaded).collect();
        assert_eq!(loaded, [true, false, false]);
        registry.unload(&handle(&registry)).await.unwrap();
        registry.stop().await.unwrap();
        drop(serving);
    });
}
