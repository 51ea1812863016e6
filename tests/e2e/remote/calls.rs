//! Calls of a plugin that serves a network are those of any other.

use bytes::Bytes;
use goplug::{CallError, Error, Event, Remote, State};
use goplug_tests::fixtures::calculator::{
    CalculatorBlockingClient, CalculatorClient, DivideError, Setup,
};
use hyper::Version;

use super::{BOTH, ONE, Served, announce, client, host};
use crate::in_flight::LongCall;
use crate::test_env::{Kind, is, read_until, run_test, soon, until};

#[test]
fn a_plugin_at_a_url_of_this_machine_is_called_as_any_other() {
    run_test(async |env| {
        let served = Served::start(env, None).await;
        let url = served.announce(env, "http");
        let (registry, calculator) = client(env.registry()).await;

        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        let error = calculator.divide(1, 0).await.unwrap_err();
        assert!(matches!(error, CallError::Method(DivideError::ByZero { dividend: 1 })), "{error}");
        let error = calculator.parse("x").await.unwrap_err();
        assert!(matches!(error, CallError::Method(_)), "{error}");
        assert_eq!(calculator.process().await.unwrap(), served.process.0.id());
        let error = calculator.panic("oh").await.unwrap_err();
        assert!(error.to_string().contains("oh"), "{error}");
        assert_eq!(calculator.plugin().socket(), None);
        assert!(calculator.plugin().describe().await.unwrap().has_schemas());
        let file = std::fs::read_to_string(env.folder().join("math.Calculator.pconf")).unwrap();
        assert!(file.contains(&url));
        registry.stop().await.unwrap();
    });
}

#[test]
fn each_version_of_http_carries_calls_by_tls() {
    run_test(async |env| {
        for (protocols, version) in [(BOTH, Version::HTTP_2), (ONE, Version::HTTP_11)] {
            let (served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            for n in 0..20 {
                assert_eq!(calculator.add(n, 3).await.unwrap(), n + 3);
            }
            let large = Bytes::from(vec![7; 3 << 20]);
            assert_eq!(calculator.echo(large.clone()).await.unwrap(), large);
            assert_eq!(calculator.weigh(2, large.clone(), None).await.unwrap().1, large);
            let seen = served.gateway.seen("/add");
            assert_eq!((seen.len(), seen[0].version), (20, version));
            // The next call finds the connection that the one before has left.
            assert!(served.gateway.connections() <= 3, "{}", served.gateway.connections());
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn many_calls_at_a_time_have_as_many_connections_as_the_policy_allows() {
    run_test(async |env| {
        let (served, remote) = Served::with_tls(env, ONE).await;
        let builder = env.registry();
        let builder =
            builder.plugin("Calculator", "math", |policy| policy.remote(remote).max_connections(4));
        let (registry, calculator) = client(builder).await;
        let calls: Vec<_> = (0..100)
            .map(|n| {
                let calculator = calculator.clone();
                tokio::spawn(async move { calculator.add(n, 1).await.unwrap() })
            })
            .collect();
        for (n, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap(), n as i64 + 1);
        }
        // Beside them are those of the host's own questions.
        assert!(served.gateway.connections() <= 4 + 3, "{}", served.gateway.connections());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_call_that_is_dropped_is_cancelled() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (_served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            LongCall::start(env, &calculator).await.cancel().await;
            for flag in ["begun", "dropped"] {
                std::fs::remove_file(env.path(flag)).unwrap();
            }
            assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn blocking_callers_need_no_runtime() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (_served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            let plugin = calculator.plugin().clone();
            let blocked = std::thread::spawn(move || {
                let calculator: CalculatorBlockingClient =
                    goplug::blocking::Plugin::from(plugin).client().unwrap();
                let numbers: Vec<u64> =
                    calculator.count(1000).unwrap().map(Result::unwrap).collect();
                assert_eq!(numbers.len(), 1000);
                assert_eq!(calculator.total(2, 1..=4).unwrap(), 20);
                calculator.add(2, 3).unwrap()
            });
            let joined = tokio::task::spawn_blocking(move || blocked.join().unwrap());
            assert_eq!(soon("the answers", joined).await.unwrap(), 5);
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn an_unload_leaves_the_plugin_and_a_load_finds_it_again() {
    run_test(async |env| {
        let (served, remote) = Served::with_tls(env, BOTH).await;
        let (registry, calculator) = client(host(env, remote)).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        calculator.plugin().unload().await.unwrap();
        assert_eq!(calculator.plugin().state(), State::Discovered);
        calculator.add(2, 3).await.unwrap_err();

        registry.load("Calculator", "math").await.unwrap();

        assert_eq!(calculator.process().await.unwrap(), served.process.0.id());
        calculator.burst(1, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_serves_a_network_is_configured_there() {
    run_test(async |env| {
        let (_served, remote) = Served::with_tls(env, BOTH).await;
        let (registry, calculator) = client(host(env, remote.clone())).await;
        let setup = Setup::default();
        let error = registry.reconfigure("Calculator", "math", &setup).await.unwrap_err();
        assert!(
            matches!(&error, Error::Configuration(text) if text.contains("network")),
            "{error}"
        );
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        registry.stop().await.unwrap();

        let builder = host(env, remote).configure("Calculator", "math", &Setup::default());
        let registry = builder.start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(
            matches!(&error, Error::Configuration(text) if text.contains("network")),
            "{error}"
        );
        registry.stop().await.unwrap();
    });
}

#[test]
fn plain_http_to_another_machine_is_refused_unless_the_host_allows_it() {
    run_test(async |env| {
        // An address of documentation, where nobody answers.
        announce(env, "http://192.0.2.1:9");
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        let is_told =
            |reason: &str| reason.contains("plain HTTP") && reason.contains("allow_plain");
        assert!(matches!(&error, Error::Rejected { reason, .. } if is_told(reason)), "{error}");
        registry.stop().await.unwrap();

        let short = std::time::Duration::from_millis(200);
        let builder = env.registry().plugin("Calculator", "math", move |policy| {
            policy.remote(Remote::new().allow_plain_http()).start_timeout(short)
        });
        let registry = builder.start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error}");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_host_connects_to_a_plugin_that_serves_later() {
    run_test(async |env| {
        let served = Served::start(env, None).await;
        let address = served.gateway.address;
        served.announce(env, "http");
        let Served { process: _process, socket, gateway } = served;
        gateway.stop().await;
        let registry = env.registry().auto_discover(true).start().await.unwrap();
        let mut events = registry.events();
        until("the host tries", || !registry.rejected().is_empty()).await;

        let _gateway = super::Gateway::start_at(address, socket, None).await;

        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_lost_connection_is_a_state_with_events_and_the_host_comes_back() {
    run_test(async |env| {
        let served = Served::start(env, None).await;
        let address = served.gateway.address;
        served.announce(env, "http");
        let (registry, calculator) = client(env.registry()).await;
        let mut events = registry.events();
        let mut ticks = calculator.tick_stream().await.unwrap();
        let Served { process: _process, socket, gateway } = served;
        gateway.stop().await;
        // The call finds out what the next question would.
        calculator.process().await.unwrap_err();
        let seen = read_until(&mut events, "the loss", is(Kind::Crashed, "math.Calculator")).await;
        let Some(Event::Crashed { status, .. }) = seen.last() else { panic!() };
        assert!(status.starts_with("connection lost: http://localhost"), "{status}");

        let _gateway = super::Gateway::start_at(address, socket, None).await;

        // Calls wait for the plugin meanwhile.
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        read_until(&mut events, "the way back", is(Kind::Restarted, "math.Calculator")).await;
        calculator.burst(1, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_alias_of_a_plugin_that_serves_a_network_is_at_the_same_url() {
    run_test(async |env| {
        let served = Served::start(env, None).await;
        served.announce(env, "http");
        let registry =
            env.registry().alias("Other", "math", "math.Calculator").start().await.unwrap();
        let other = registry.load("Other", "math").await.unwrap();
        let other: CalculatorClient = other.client().unwrap();
        assert_eq!(other.add(2, 3).await.unwrap(), 5);
        registry.stop().await.unwrap();
    });
}
