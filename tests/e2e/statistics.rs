//! What a host learns of a plugin's calls and of its process: `Plugin::stats`.

use std::time::Duration;

use goplug::Restart;
use goplug_tests::fixtures::calculator::CalculatorClient;

use crate::in_flight::LongCall;
use crate::services::report;
use crate::test_env::{Kind, is, kill, read_until, run_test, until};

#[test]
fn calls_are_counted_by_how_they_end_whoever_makes_them() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin().clone();
        let before = plugin.stats();
        assert_eq!((before.calls, before.errors, before.restarts), (0, 0, 0));
        assert_eq!(before.latency.quantile(0.5), None);
        for _ in 0..8 {
            calculator.add(2, 3).await.unwrap();
        }
        calculator.divide(1, 0).await.unwrap_err();
        plugin.execute("add", r#"{"a":1,"b":2}"#).await.unwrap();
        let blocking = goplug::blocking::Plugin::from(plugin.clone());
        let blocked = tokio::task::spawn_blocking(move || blocking.execute("no_such_method", ""));
        blocked.await.unwrap().unwrap_err();
        let stats = plugin.stats();
        assert_eq!((stats.calls, stats.errors, stats.cancelled), (11, 2, 0));
        assert_eq!(stats.in_flight, 0);
        let (median, longest) = (stats.latency.quantile(0.5), stats.latency.quantile(1.0));
        assert!(median.is_some() && median <= longest, "{stats:?}");
        assert!(stats.resident_memory.unwrap() > 100_000, "{stats:?}");
        assert!(stats.processor_time.unwrap() < Duration::from_secs(600), "{stats:?}");
    });
}

#[test]
fn a_call_is_in_flight_until_its_caller_gives_it_up() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin().clone();
        let call = LongCall::start(env, &calculator).await;
        assert_eq!(plugin.stats().in_flight, 1);
        assert_eq!(plugin.stats().calls, 0);
        call.cancel().await;
        until("the call is given up", || plugin.stats().in_flight == 0).await;
        let stats = plugin.stats();
        assert_eq!((stats.calls, stats.errors, stats.cancelled), (0, 0, 1));
    });
}

#[test]
fn calls_of_services_are_counted_for_the_plugin_that_makes_them() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let stats = || report.plugin().stats().services;
        // The activation has made one.
        assert_eq!((stats().calls, stats().errors, stats().in_flight), (1, 0, 0));
        report.texts("pages").await.unwrap();
        report.texts("none").await.unwrap_err();
        report.broken().await.unwrap();
        assert_eq!((stats().calls, stats().errors, stats().cancelled), (4, 2, 0));
        assert!(report.give_up(1).await.unwrap());
        until("the call is given up", || stats().cancelled == 1).await;
        let slow = tokio::spawn({
            let report = report.clone();
            async move { report.side_by_side(3, 600_000).await }
        });
        until("the calls are in flight", || stats().in_flight == 3).await;
        slow.abort();
        until("the calls are given up", || stats().in_flight == 0).await;
        assert_eq!((stats().calls, stats().errors, stats().cancelled), (4, 2, 4));
        // They are no calls of the plugin.
        assert_eq!(report.plugin().stats().errors, 1);
    });
}

#[test]
fn restarts_are_counted_and_the_process_is_the_running_one() {
    run_test(async |env| {
        env.install_calculator();
        let wait = Duration::from_millis(1);
        let restart = Restart::permanent().backoff(wait, wait);
        let registry = env.registry().restart(restart).start().await.unwrap();
        let calculator = registry.client::<CalculatorClient>().await.unwrap();
        let plugin = calculator.plugin();
        let mut events = registry.events();
        kill(plugin.process_id().unwrap());
        read_until(&mut events, "the restart", is(Kind::Restarted, "math.Calculator")).await;
        assert_eq!(plugin.stats().restarts, 1);
        assert!(plugin.stats().resident_memory.is_some());
        plugin.unload().await.unwrap();
        let stats = plugin.stats();
        assert_eq!((stats.restarts, stats.resident_memory, stats.processor_time), (1, None, None));
    });
}
