//! A new version, and a new configuration, reach one instance after another.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use goplug::{Error, Event, Registry};
use goplug_tests::fixtures::calculator::{Calculator, Setup};
use serde_json::json;

use super::{handle, instances, of_instance, processes};
use crate::test_env::{
    BRIEF, CALCULATOR, Kind, TestEnv, is, kill, pconf, read_until, run_test, soon, until,
};

/// A registry that watches the folder, with this many instances of the calculator.
async fn watching(env: &TestEnv, count: usize) -> Registry {
    let builder = env.registry().auto_discover(true);
    let builder = builder.plugin("Calculator", "math", move |policy| policy.instances(count));
    builder.start().await.unwrap()
}

#[test]
fn a_rolling_upgrade_under_load_fails_no_call_and_keeps_all_but_one_serving() {
    run_test(async |env| {
        env.install_calculator();
        let registry = watching(env, 3).await;
        let calculator = env.load_calculator(&registry).await;
        let before = processes(&registry);
        let mut events = registry.events();
        let is_over = Arc::new(AtomicBool::new(false));
        let load: Vec<_> = (0..4)
            .map(|_| {
                let (calculator, is_over) = (calculator.clone(), Arc::clone(&is_over));
                tokio::spawn(async move {
                    while !is_over.load(Ordering::Relaxed) {
                        calculator.process().await.unwrap();
                    }
                })
            })
            .collect();
        let watched = (handle(&registry), Arc::clone(&is_over));
        let fewest = tokio::spawn(async move {
            let (plugin, is_over) = watched;
            let mut fewest = usize::MAX;
            while !is_over.load(Ordering::Relaxed) {
                let stats = plugin.stats();
                fewest = fewest.min(stats.instances.iter().filter(|it| it.is_loaded).count());
                tokio::task::yield_now().await;
            }
            fewest
        });

        let mut changed = pconf::<Calculator>(CALCULATOR);
        changed["Note"] = json!("a newer one");
        env.put_pconf("math.Calculator.pconf", &changed);
        let mut upgraded = BTreeSet::new();
        read_until(&mut events, "the upgrades", |event| {
            if let Some((instance, Event::Upgraded { .. })) = of_instance(event) {
                upgraded.insert(instance);
            }
            upgraded.len() == 3
        })
        .await;
        is_over.store(true, Ordering::Relaxed);
        for caller in load {
            soon("the calls", caller).await.unwrap();
        }
        assert!(soon("the watch", fewest).await.unwrap() >= 2);
        assert!(processes(&registry).iter().all(|process| !before.contains(process)));
        until("the old processes are gone", || env.processes().len() == 3).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_new_version_that_does_not_start_leaves_all_old_ones() {
    run_test(async |env| {
        env.install_calculator();
        let registry = watching(env, 3).await;
        let calculator = env.load_calculator(&registry).await;
        let before = processes(&registry);
        let mut events = registry.events();
        env.put_pconf("math.Calculator.pconf", &pconf::<Calculator>(BRIEF));
        let failed =
            |event: &Event| matches!(of_instance(event), Some((_, Event::UpgradeFailed { .. })));
        read_until(&mut events, "the failure", failed).await;
        // The others have looked at it once this plugin is discovered.
        env.install_counter();
        let seen = read_until(&mut events, "a look", is(Kind::Discovered, "demo.Counter")).await;
        assert!(!seen.iter().any(failed), "{seen:?}");
        assert_eq!(processes(&registry), before);
        calculator.add(1, 2).await.unwrap();
        let error = registry.reload("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. } | Error::Rejected { .. }), "{error:?}");
        assert_eq!(processes(&registry), before);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_reload_replaces_one_instance_after_another() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 3).await;
        let before = processes(&registry);
        let mut events = registry.events();
        registry.reload("Calculator", "math").await.unwrap();
        let after = processes(&registry);
        assert!(after.len() == 3 && after.iter().all(|process| !before.contains(process)));
        let seen = read_until(&mut events, "the last", |event| {
            matches!(of_instance(event), Some((2, Event::Upgraded { .. })))
        })
        .await;
        let order = seen.iter().filter_map(of_instance);
        let order = order.filter(|(_, event)| matches!(event, Event::Upgraded { .. }));
        assert_eq!(order.map(|(instance, _)| instance).collect::<Vec<_>>(), [0, 1, 2]);
        calculator.add(1, 2).await.unwrap();
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_new_configuration_reaches_all_instances_and_those_that_come_later() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 2).await;
        let setup = Setup { greeting: Some("hello".into()), ..Setup::default() };
        registry.reconfigure("Calculator", "math", &setup).await.unwrap();
        let mut events = registry.events();
        kill(processes(&registry)[1]);
        read_until(&mut events, "the restart", |event| {
            matches!(of_instance(event), Some((1, Event::Restarted { .. })))
        })
        .await;
        for _ in 0..4 {
            assert_eq!(calculator.greeting().await.unwrap().as_deref(), Some("hello"));
        }
        registry.stop().await.unwrap();
    });
}
