//! One program under several names: each has a process, a configuration and a policy.

use std::path::PathBuf;

use goplug::{Error, Event, PluginId, Registry, RegistryBuilder, Restart};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient, Setup};
use serde_json::{Value, json};

use crate::test_env::{CALCULATOR, Kind, TestEnv, is, kill, pconf, read_until, run_test, until};

/// A file that gives the calculator another name.
fn second() -> Value {
    let mut keys = pconf::<Calculator>(CALCULATOR);
    keys["Name"] = json!("Second");
    keys["AliasOf"] = json!("math.Calculator");
    keys
}

fn greets(greeting: &str) -> Setup {
    Setup { greeting: Some(greeting.into()), ..Setup::default() }
}

/// Both names have a configuration of their own.
fn configured(builder: RegistryBuilder) -> RegistryBuilder {
    builder.configure("Calculator", "math", &greets("first")).configure(
        "Second",
        "math",
        &greets("second"),
    )
}

async fn client(registry: &Registry, name: &str) -> CalculatorClient {
    registry.load(name, "math").await.unwrap().client().unwrap()
}

/// Both names serve, each by a process of its own, and neither notices the crash of the other.
async fn check_both(env: &TestEnv, registry: &Registry) {
    let first: CalculatorClient = registry.client().await.unwrap();
    let second = client(registry, "Second").await;
    assert_eq!(first.greeting().await.unwrap().as_deref(), Some("first"));
    assert_eq!(second.greeting().await.unwrap().as_deref(), Some("second"));
    assert_eq!(second.plugin().id().to_string(), "math.Second");
    let process = first.process().await.unwrap();
    let mut events = registry.events();
    kill(second.process().await.unwrap());
    let seen = read_until(&mut events, "the restart", is(Kind::Restarted, "math.Second")).await;
    let concerns_first = |event: &Event| matches!(event, Event::Crashed { plugin, .. } if plugin.to_string() == "math.Calculator");
    assert!(!seen.iter().any(concerns_first), "{seen:?}");
    assert_eq!(second.greeting().await.unwrap().as_deref(), Some("second"));
    assert_eq!(first.process().await.unwrap(), process);
    assert_eq!(env.processes().len(), 2);
    second.plugin().unload().await.unwrap();
    assert_eq!(env.processes(), [process]);
}

#[test]
fn a_file_gives_a_program_another_name() {
    run_test(async |env| {
        env.install_calculator();
        env.put_pconf("math.Second.pconf", &second());
        let builder = configured(env.registry()).restart(Restart::transient());
        let registry = builder.start().await.unwrap();
        let aliases: Vec<_> = registry
            .discovered()
            .iter()
            .map(|plugin| (plugin.name().to_owned(), plugin.alias_of().map(ToString::to_string)))
            .collect();
        let alias_of = Some("math.Calculator".to_owned());
        assert_eq!(aliases, [("Calculator".into(), None), ("Second".into(), alias_of)]);
        check_both(env, &registry).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_host_gives_a_plugin_another_name() {
    run_test(async |env| {
        env.install_calculator();
        let builder = configured(env.registry()).restart(Restart::transient());
        let builder = builder.alias("Second", "math", "math.Calculator");
        let registry = builder.start().await.unwrap();
        check_both(env, &registry).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn the_names_of_a_plugin_come_and_go_with_its_file() {
    run_test(async |env| {
        let builder = env.registry().auto_discover(true);
        let registry = builder.alias("Second", "math", "math.Calculator").start().await.unwrap();
        let mut events = registry.events();
        let file = env.install_calculator();
        let (mut first, mut second) = (false, false);
        read_until(&mut events, "both", |event| {
            first |= is(Kind::Loaded, "math.Calculator")(event);
            second |= is(Kind::Loaded, "math.Second")(event);
            first && second
        })
        .await;
        // No file takes the name.
        let other = env.put_pconf("math.Second.pconf", &self::second());
        until("the other file is rejected", || {
            let rejected = registry.rejected();
            let found = rejected.iter().find(|it| it.path == other);
            found.is_some_and(|it| {
                it.reason
                    == "the name math.Second is already taken: the host gives it to math.Calculator"
            })
        })
        .await;
        std::fs::remove_file(file).unwrap();
        let (mut first, mut second) = (false, false);
        read_until(&mut events, "both ends", |event| {
            first |= is(Kind::Stopped, "math.Calculator")(event);
            second |= is(Kind::Stopped, "math.Second")(event);
            first && second
        })
        .await;
        assert!(env.processes().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_program_that_is_not_what_its_alias_says_is_rejected() {
    run_test(async |env| {
        let mut keys = second();
        keys["AliasOf"] = json!("math.Another");
        env.put_pconf("math.Second.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Second", "math").await.unwrap_err().to_string();
        assert!(error.contains("it answers as math.Calculator, and "), "{error}");
        assert!(error.contains("names math.Another"), "{error}");
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_alias_that_stands_for_two_plugins_is_an_error_of_the_start() {
    run_test(async |env| {
        let builder = env.registry().alias("Second", "math", "math.Calculator");
        let error = builder.alias("Second", "math", "math.Other").start().await.unwrap_err();
        let second: PluginId = "math.Second".parse().unwrap();
        assert!(error.to_string().contains(&second.to_string()), "{error}");
    });
}

#[test]
fn an_alias_of_an_alias_is_one_of_its_plugin_whichever_is_given_first() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().alias("Third", "math", "math.Second");
        let builder = builder.alias("Second", "math", "math.Calculator");
        let registry = builder.alias("Fourth", "math", "math.Third").start().await.unwrap();
        for name in ["Second", "Third", "Fourth"] {
            client(&registry, name).await.add(1, 2).await.unwrap();
        }
        registry.stop().await.unwrap();
        let builder = env.registry().alias("Second", "math", "math.Third");
        let error = builder.alias("Third", "math", "math.Second").start().await.unwrap_err();
        assert!(error.to_string().contains("cannot be an alias of itself"), "{error}");
    });
}

#[test]
fn the_faults_of_two_names_are_both_told() {
    run_test(async |env| {
        env.install_calculator();
        let needed = ["Second", "Third"].map(|name| env.path(name));
        let needing = |needs: &PathBuf| Setup {
            exit: Some(3),
            needs: Some(needs.clone()),
            ..Setup::default()
        };
        let registry = env
            .registry()
            .alias("Second", "math", "math.Calculator")
            .alias("Third", "math", "math.Calculator")
            .configure("Second", "math", &needing(&needed[0]))
            .configure("Third", "math", &needing(&needed[1]))
            .start()
            .await
            .unwrap();
        let names_of_rejected = || -> Vec<_> {
            let rejected = registry.rejected().into_iter();
            rejected.map(|file| file.reason.split(' ').next().unwrap().to_owned()).collect()
        };
        for name in ["Second", "Third"] {
            registry.load(name, "math").await.unwrap_err();
        }
        assert_eq!(names_of_rejected(), ["math.Second", "math.Third"]);
        // The plugin itself starts, and so does one of the names.
        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(names_of_rejected(), ["math.Second", "math.Third"]);
        std::fs::write(&needed[0], "").unwrap();
        registry.load("Second", "math").await.unwrap();
        assert_eq!(names_of_rejected(), ["math.Third"]);
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_alias_has_instances_of_its_own() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env
            .registry()
            .alias("Second", "math", "math.Calculator")
            .plugin("Second", "math", |policy| policy.instances(2))
            .start()
            .await
            .unwrap();
        client(&registry, "Calculator").await;
        client(&registry, "Second").await.add(1, 2).await.unwrap();
        assert_eq!(env.processes().len(), 3);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_name_without_its_plugin_says_what_is_missing() {
    run_test(async |env| {
        let builder = env.registry().alias("Second", "math", "math.Calculator");
        let registry = builder.alias("Third", "math", "math.Calculater").start().await.unwrap();
        let load = async |name| registry.load(name, "math").await.unwrap_err().to_string();
        let end = "; it is an alias of math.Calculator, which is not found";
        let error = load("Second").await;
        assert!(error.starts_with("no plugin math.Second in ") && error.ends_with(end), "{error}");
        let file = env.install_calculator();
        let error = load("Third").await;
        let end = "; it is an alias of math.Calculater, which is not found; did you mean math.Calculator?";
        assert!(error.ends_with(end), "{error}");
        // What is wrong with the file of the plugin is wrong with its names.
        std::fs::write(&file, "{").unwrap();
        std::fs::rename(&file, file.with_file_name("math.Calculater.pconf")).unwrap();
        let error = load("Third").await;
        assert!(error.contains("math.Calculater.pconf"), "{error}");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_name_has_the_form_of_all_names() {
    run_test(async |env| {
        for (name, namespace) in [("a b", "math"), ("", "math"), ("Second", "ma th"), ("é", "")] {
            let builder = env.registry().alias(name, namespace, "math.Calculator");
            let error = builder.start().await.unwrap_err();
            assert!(matches!(error, Error::InvalidName(_)), "{error}");
        }
    });
}
