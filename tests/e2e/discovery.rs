//! How a registry finds the plugins of its folder, and follows its changes.

use std::fs;

use goplug::{Error, Event, State};
use goplug_tests::fixtures::calculator::Calculator;
use goplug_tests::fixtures::counter::CounterClient;
use serde_json::json;

use crate::test_env::{CALCULATOR, Kind, is, pconf, read_until, run_test, soon, until};

#[test]
fn with_auto_discovery_a_plugin_is_loaded_without_being_asked_for() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.watching().await;
        read_until(&mut registry.events(), "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert!(registry.is_loaded("Calculator", "math"));
        assert_eq!(registry.get("Calculator", "math").unwrap().state(), State::Loaded);
    });
}

#[test]
fn without_auto_discovery_a_plugin_is_found_at_the_start_and_when_it_is_loaded() {
    run_test(async |env| {
        env.install_counter();
        let registry = env.registry().start().await.unwrap();
        assert!(registry.is_discovered("Counter", "demo"));
        assert!(!registry.is_loaded("Counter", "demo"));
        env.install_calculator();
        registry.load("Calculator", "math").await.unwrap();
        assert!(registry.is_discovered("Calculator", "math"));
        assert!(registry.is_loaded("Calculator", "math"));
    });
}

#[test]
fn a_plugin_that_is_not_there_is_named_with_the_folder() {
    run_test(async |env| {
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Nobody", "no.where").await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
        let expected = format!("no plugin no.where.Nobody in {}", env.folder().display());
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn a_lazy_plugin_is_loaded_only_when_it_is_asked_for() {
    run_test(async |env| {
        env.install_counter();
        env.install_calculator();
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the neighbour", is(Kind::Loaded, "math.Calculator")).await;
        assert!(registry.is_discovered("Counter", "demo"));
        assert!(!registry.is_loaded("Counter", "demo"));

        let counter: CounterClient = registry.client().await.unwrap();

        assert_eq!(counter.increment(3).await.unwrap(), 3);
        assert!(registry.is_loaded("Counter", "demo"));
    });
}

#[test]
fn a_new_file_is_noticed() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut events = registry.events();
        env.install_calculator();
        let seen = read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert!(matches!(seen[..], [Event::Discovered { .. }, Event::Loaded { .. }]), "{seen:?}");
    });
}

#[test]
fn a_changed_file_is_noticed() {
    run_test(async |env| {
        env.install_counter();
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the plugin", is(Kind::Discovered, "demo.Counter")).await;
        let mut keys = pconf::<goplug_tests::fixtures::counter::Counter>("somewhere/else");
        keys["Version"] = json!("7.0.0");
        env.put_pconf("demo.Counter.pconf", &keys);
        read_until(&mut events, "the change", is(Kind::Changed, "demo.Counter")).await;
        assert_eq!(registry.discovered()[0].version().as_deref(), Some("7.0.0"));
    });
}

#[test]
fn removing_the_file_stops_the_plugin() {
    run_test(async |env| {
        let file = env.install_calculator();
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        let plugin = registry.get("Calculator", "math").unwrap();
        fs::remove_file(file).unwrap();
        let seen = read_until(&mut events, "the stop", is(Kind::Stopped, "math.Calculator")).await;
        assert!(matches!(seen[..], [Event::Removed { .. }, Event::Stopped { .. }]), "{seen:?}");
        assert_eq!(plugin.state(), State::Stopped);
        assert!(!registry.is_discovered("Calculator", "math"));
        until("its process is gone", || env.processes().is_empty()).await;
    });
}

#[test]
fn a_folder_that_does_not_exist_yet_is_waited_for() {
    run_test(async |env| {
        fs::remove_dir(env.folder()).unwrap();
        let deep = env.folder().join("deep");
        let builder = goplug::Registry::builder(&deep).auto_discover(true);
        let registry = builder.start().await.unwrap();
        let mut events = registry.events();
        fs::create_dir_all(&deep).unwrap();
        let keys = pconf::<goplug_tests::fixtures::counter::Counter>(CALCULATOR);
        fs::write(deep.join("counter.pconf"), keys.to_string()).unwrap();
        read_until(&mut events, "the plugin", is(Kind::Discovered, "demo.Counter")).await;
    });
}

#[test]
fn a_folder_that_is_removed_and_comes_back_is_watched_again() {
    run_test(async |env| {
        env.install_counter();
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the plugin", is(Kind::Discovered, "demo.Counter")).await;
        fs::remove_dir_all(env.folder()).unwrap();
        read_until(&mut events, "the loss", is(Kind::Removed, "demo.Counter")).await;
        // Where the name of a folder is taken until the last handle of it is closed, that takes a moment.
        until("the name is free", || fs::create_dir(env.folder()).is_ok()).await;
        env.install_counter();
        read_until(&mut events, "the return", is(Kind::Discovered, "demo.Counter")).await;
    });
}

#[test]
fn loading_twice_gives_the_same_plugin() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let first = registry.load("Calculator", "math").await.unwrap();
        let second = registry.load("Calculator", "math").await.unwrap();
        assert_eq!(first.process_id(), second.process_id());
        assert_eq!(first.process_id(), Some(calculator.process().await.unwrap()));
        assert_eq!(env.processes().len(), 1);
        first.unload().await.unwrap();
        assert_eq!(second.state(), State::Discovered);
    });
}

#[test]
fn loads_at_the_same_time_start_one_process() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start().await.unwrap();
        let mut loads = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let registry = registry.clone();
            loads.spawn(async move { registry.load("Calculator", "math").await.unwrap() });
        }
        let plugins = loads.join_all().await;
        let ids: std::collections::BTreeSet<_> = plugins.iter().map(|p| p.process_id()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(env.processes().len(), 1);
    });
}

#[test]
fn get_starts_nothing() {
    run_test(async |env| {
        env.install_counter();
        let registry = env.watching().await;
        assert!(registry.get("Counter", "other").is_none());
        assert!(registry.get("../Counter", "demo").is_none());
        let counter = registry.get("Counter", "demo").unwrap();
        assert_eq!(counter.state(), State::Discovered);
        assert_eq!((counter.name(), counter.namespace()), ("Counter", "demo"));
        assert!(env.processes().is_empty());
    });
}

#[test]
fn discovered_plugins_are_sorted_by_namespace_and_name() {
    run_test(async |env| {
        for (name, namespace) in [("B", "x"), ("A", "x"), ("Z", ""), ("C", "a")] {
            let file = format!("{name}.pconf");
            env.put_pconf(
                &file,
                &json!({"Name": name, "NameSpace": namespace, "LazyLoad": true, "Exec": ["p"]}),
            );
        }
        let registry = env.watching().await;
        let all = registry.discovered();
        let names: Vec<_> = all.iter().map(|p| (p.namespace(), p.name())).collect();
        assert_eq!(names, [("", "Z"), ("a", "C"), ("x", "A"), ("x", "B")]);
        assert!(all.iter().all(|p| p.is_lazy() && p.state() == State::Discovered));
        assert_eq!(all[0].path(), Some(env.folder().join("Z.pconf").as_path()));
    });
}

#[test]
fn hidden_files_and_files_of_another_kind_are_ignored() {
    run_test(async |env| {
        let keys = json!({"Name": "A", "LazyLoad": true, "Exec": ["p"]}).to_string();
        for name in [".hidden.pconf", "a.pconf.tmp", "a.json", "pconf"] {
            fs::write(env.folder().join(name), &keys).unwrap();
        }
        let registry = env.watching().await;
        assert!(registry.discovered().is_empty());
        env.install_counter();
        let mut events = registry.events();
        let seen =
            read_until(&mut events, "the plugin", is(Kind::Discovered, "demo.Counter")).await;
        assert_eq!(seen.len(), 1, "{seen:?}");
    });
}

#[test]
fn a_removed_file_leaves_its_name_to_the_next_file() {
    run_test(async |env| {
        let first = env.put_pconf("a.pconf", &pconf::<Calculator>("nothing"));
        let registry = env.registry().auto_discover(true).start().await.unwrap();
        env.put_pconf("b.pconf", &pconf::<Calculator>(CALCULATOR));
        let mut events = registry.events();
        let taken = |event: &Event| {
            let reason = "the name math.Calculator is already taken by ";
            matches!(event, Event::Rejected { path, reason: r }
                if path.ends_with("b.pconf") && r.starts_with(reason) && r.ends_with("a.pconf"))
        };
        read_until(&mut events, "the rejection", taken).await;
        fs::remove_file(first).unwrap();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert!(registry.discovered()[0].path().unwrap().ends_with("b.pconf"));
    });
}

#[test]
fn events_begin_with_the_present_state() {
    run_test(async |env| {
        env.install_calculator();
        env.install_counter();
        let bad = env.put("bad.pconf", "no");
        let registry = env.watching().await;
        until("the calculator is loaded", || registry.is_loaded("Calculator", "math")).await;
        let mut events = registry.events();
        let seen = read_until(
            &mut events,
            "the file",
            |event| matches!(event, Event::Rejected { path, .. } if *path == bad),
        )
        .await;
        let expected = [("Discovered", "demo.Counter"), ("Discovered", "math.Calculator")];
        for (event, (_, plugin)) in seen.iter().zip(expected) {
            assert!(is(Kind::Discovered, plugin)(event), "{seen:?}");
        }
        assert!(is(Kind::Loaded, "math.Calculator")(&seen[2]), "{seen:?}");
        assert_eq!(seen.len(), 4, "{seen:?}");
    });
}

#[test]
fn the_stream_of_events_ends_with_the_registry() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut events = registry.events();
        registry.stop().await.unwrap();
        assert_eq!(soon("the end of the stream", events.next()).await, None);
    });
}

#[test]
fn a_stopped_registry_loads_nothing() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start().await.unwrap();
        registry.stop().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Stopped), "{error:?}");
    });
}
