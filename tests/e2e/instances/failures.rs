//! What fails of one instance concerns no other.

use std::time::Duration;

use goplug::{Error, Event, HealthCheck, Restart, State};
use goplug_tests::fixtures::calculator::{CalculatorClient, Setup};

use super::{handle, instances, of_instance, processes};
use crate::test_env::{kill, read_until, run_test, soon, until};

#[test]
fn the_crash_of_one_of_three_fails_no_idempotent_call() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 3).await;
        let mut events = registry.events();
        let load: Vec<_> = (0..6_i64)
            .map(|caller| {
                let calculator = calculator.clone();
                tokio::spawn(async move {
                    for number in 0..400 {
                        let sum = calculator.add(caller, number).await.unwrap();
                        assert_eq!(sum, caller + number);
                    }
                })
            })
            .collect();
        let victim = processes(&registry)[1];
        kill(victim);
        let seen = read_until(&mut events, "the restart", |event| {
            matches!(of_instance(event), Some((1, Event::Restarted { .. })))
        })
        .await;
        let crashed = seen.iter().filter_map(of_instance);
        let crashed: Vec<_> =
            crashed.filter(|(_, event)| matches!(event, Event::Crashed { .. })).collect();
        assert!(matches!(crashed[..], [(1, _)]), "{seen:?}");
        for caller in load {
            soon("the calls", caller).await.unwrap();
        }
        let stats = handle(&registry).stats();
        assert_eq!((stats.calls, stats.errors, stats.restarts), (2400, 0, 1));
        let restarts: Vec<_> = stats.instances.iter().map(|it| it.restarts).collect();
        assert_eq!(restarts, [0, 1, 0]);
        assert!(!processes(&registry).contains(&victim));
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_is_loaded_if_one_instance_starts_and_the_others_are_tried_again() {
    run_test(async |env| {
        env.install_calculator();
        let needed = env.path("needed");
        // The first process to get there makes the file that ends all others.
        let setup = Setup { exit: Some(3), needs: Some(needed.clone()), ..Setup::default() };
        let registry = env
            .registry()
            .restart(
                Restart::transient().backoff(Duration::from_millis(50), Duration::from_millis(100)),
            )
            .plugin("Calculator", "math", |policy| policy.instances(2))
            .configure("Calculator", "math", &setup)
            .start()
            .await
            .unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        std::fs::write(&needed, "").unwrap();
        until("both are started again", || processes(&registry).len() == 2).await;
        // One that cannot be started again does not keep the plugin from being loaded.
        std::fs::remove_file(&needed).unwrap();
        let mut events = registry.events();
        kill(processes(&registry)[0]);
        read_until(&mut events, "the giving up", |event| {
            matches!(of_instance(event), Some((0, Event::GivenUp { .. })))
        })
        .await;
        let plugin = registry.load("Calculator", "math").await.unwrap();
        assert_eq!(plugin.state(), State::Loaded);
        let calculator: CalculatorClient = plugin.client().unwrap();
        for _ in 0..3 {
            assert_eq!(calculator.process().await.unwrap(), processes(&registry)[0]);
        }
        // A key of the instance that is given up has the other one.
        for key in 0..8 {
            calculator.clone().keyed(&key).add(1, 2).await.unwrap();
        }
        registry.stop().await.unwrap();
    });
}

#[test]
fn the_rejection_of_an_instance_says_which_it_is_and_ends_with_its_start() {
    run_test(async |env| {
        env.install_calculator();
        let needed = env.path("needed");
        std::fs::write(&needed, "").unwrap();
        let setup = Setup { exit: Some(3), needs: Some(needed.clone()), ..Setup::default() };
        let wait = Duration::from_millis(20);
        let registry = env
            .registry()
            .restart(Restart::transient().backoff(wait, wait).intensity(100_000, wait))
            .plugin("Calculator", "math", |policy| policy.instances(3))
            .configure("Calculator", "math", &setup)
            .start()
            .await
            .unwrap();
        env.load_calculator(&registry).await;
        std::fs::remove_file(&needed).unwrap();
        let before = processes(&registry);
        before[1..].iter().copied().for_each(kill);
        let reasons =
            || -> Vec<_> { registry.rejected().into_iter().map(|file| file.reason).collect() };
        until("both are rejected", || reasons().len() == 2).await;
        for (reason, instance) in reasons().iter().zip(1..) {
            let start = format!("math.Calculator did not start: instance {instance}: it ended ");
            assert!(reason.starts_with(&start), "{reason}");
        }
        std::fs::write(&needed, "").unwrap();
        until("both are started again", || processes(&registry).len() == 3).await;
        assert!(reasons().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_instance_that_fails_its_health_check_is_restarted_alone() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env
            .registry()
            .restart(Restart::transient())
            .plugin("Calculator", "math", |policy| {
                let (interval, timeout) = (Duration::from_millis(50), Duration::from_millis(500));
                let check = HealthCheck::default().interval(interval).timeout(timeout).failures(2);
                policy.instances(2).health_check(check)
            })
            .start()
            .await
            .unwrap();
        let calculator = env.load_calculator(&registry).await;
        let mut events = registry.events();
        let caller = calculator.clone();
        let begun = env.path("begun");
        let blocked = tokio::spawn(async move { caller.block(600_000, begun).await });
        let seen = read_until(&mut events, "the restart", |event| {
            matches!(of_instance(event), Some((_, Event::Restarted { .. })))
        })
        .await;
        let crashes = seen.iter().filter_map(of_instance);
        assert_eq!(crashes.filter(|(_, event)| matches!(event, Event::Crashed { .. })).count(), 1);
        soon("the error", blocked).await.unwrap().unwrap_err();
        calculator.add(1, 2).await.unwrap();
        registry.stop().await.unwrap();
    });
}
