//! Starts that fail and are tried again: as the restart policy says, when the program is replaced, and
//! while only one half of an upgrade is there.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use goplug::{Error, Event, Registry, RegistryBuilder, Restart, State};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient, Setup};
use goplug_tests::system::{make_executable, program_name, replace_program};
use serde_json::json;

use crate::test_env::{
    BRIEF, CALCULATOR, Kind, TestEnv, digest, is, kill, pconf, read_until, run_test, soon,
};

/// A calculator whose start fails until a file is there, as one that needs a database. Returns the file, and
/// a registry that has no other plugin.
fn needy(env: &TestEnv, exit: i32) -> (PathBuf, RegistryBuilder) {
    let needed = env.path("database");
    let setup = Setup { exit: Some(exit), needs: Some(needed.clone()), ..Setup::default() };
    env.install_calculator();
    (needed, env.registry().configure("Calculator", "math", &setup))
}

/// The name of the program within the folder.
fn program() -> String {
    format!("./{}", program_name("program"))
}

/// Puts a copy of a program into the folder at once.
fn put_program(env: &TestEnv, from: &str) {
    replace_program(from.as_ref(), &env.folder().join(program())).unwrap();
}

fn restarting(registry: RegistryBuilder) -> RegistryBuilder {
    let restart = Restart::permanent().backoff(Duration::from_millis(1), Duration::from_millis(20));
    registry.restart(restart.intensity(10_000, Duration::from_secs(60)))
}

fn rejected(event: &Event) -> bool {
    matches!(event, Event::Rejected { .. })
}

#[test]
fn a_first_start_that_fails_is_tried_again_as_the_policy_says() {
    run_test(async |env| {
        let (needed, registry) = needy(env, 1);
        let registry = restarting(registry).auto_discover(true).start().await.unwrap();
        let mut events = registry.events();
        read_until(&mut events, "the failure", rejected).await;
        fs::write(needed, "").unwrap();
        let seen = read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert!(!seen.iter().any(rejected), "each reason is reported once: {seen:?}");
        assert!(registry.rejected().is_empty());
    });
}

#[test]
fn a_load_gets_the_error_and_the_tries_go_on() {
    run_test(async |env| {
        let (needed, registry) = needy(env, 1);
        let registry = restarting(registry).start().await.unwrap();
        let mut events = registry.events();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        fs::write(needed, "").unwrap();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        // A call that comes between two tries waits for the next.
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn an_unload_ends_the_tries() {
    run_test(async |env| {
        let (needed, registry) = needy(env, 1);
        let registry = restarting(registry).start().await.unwrap();
        registry.load("Calculator", "math").await.unwrap_err();
        let plugin = registry.get("Calculator", "math").unwrap();
        plugin.unload().await.unwrap();
        fs::write(needed, "").unwrap();
        assert_eq!(plugin.state(), State::Discovered);
        let error = plugin.execute("add", "{}").await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn a_temporary_plugin_is_not_tried_again() {
    run_test(async |env| {
        let (needed, registry) = needy(env, 1);
        let registry = registry.auto_discover(true).start().await.unwrap();
        let mut events = registry.events();
        read_until(&mut events, "the failure", rejected).await;
        fs::write(needed, "").unwrap();
        let plugin = registry.get("Calculator", "math").unwrap();
        let error = plugin.execute("add", "{}").await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn a_first_start_that_fails_too_often_is_given_up() {
    run_test(async |env| {
        let (_needed, registry) = needy(env, 1);
        let restart = Restart::transient().intensity(2, Duration::from_secs(60));
        let restart = restart.backoff(Duration::from_millis(1), Duration::from_millis(1));
        let registry = registry.restart(restart).auto_discover(true).start().await.unwrap();
        let given_up = |event: &Event| matches!(event, Event::GivenUp { .. });
        read_until(&mut registry.events(), "the end of the tries", given_up).await;
        assert_eq!(registry.rejected().len(), 1);
    });
}

#[test]
fn a_first_start_that_ends_with_a_final_status_is_given_up_at_once() {
    run_test(async |env| {
        let (_needed, registry) = needy(env, 78);
        let registry = registry.restart(Restart::permanent().never_after([78]));
        let registry = registry.auto_discover(true).start().await.unwrap();
        let given_up = |event: &Event| matches!(event, Event::GivenUp { .. });
        let seen = read_until(&mut registry.events(), "the end of the tries", given_up).await;
        let Some(Event::GivenUp { reason, .. }) = seen.last() else { panic!("{seen:?}") };
        assert!(reason.starts_with("a restart is no use: "), "{reason}");
    });
}

#[test]
fn a_plugin_whose_program_comes_after_its_pconf_is_loaded() {
    run_test(async |env| {
        env.install::<Calculator>(&program());
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the rejection", rejected).await;
        put_program(env, CALCULATOR);
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
    });
}

#[test]
fn a_program_that_does_not_start_is_started_once_it_is_mended() {
    run_test(async |env| {
        put_program(env, BRIEF);
        env.install::<Calculator>(&program());
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the rejection", rejected).await;
        put_program(env, CALCULATOR);
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
    });
}

/// The two versions of a program, each with its `.pconf`.
struct Versions([Vec<u8>; 2]);

impl Versions {
    fn new() -> Self {
        let old = fs::read(CALCULATOR).unwrap();
        // What comes after the sections of a program is not looked at.
        let new = [&old[..], b"new"].concat();
        Self([old, new])
    }

    fn put_program(&self, env: &TestEnv, version: usize) {
        let file = env.path("version");
        fs::write(&file, &self.0[version]).unwrap();
        make_executable(&file).unwrap();
        put_program(env, file.to_str().unwrap());
    }

    fn put_pconf(&self, env: &TestEnv, version: usize) {
        let mut keys = pconf::<Calculator>(&program());
        let file = env.path("hashed");
        fs::write(&file, &self.0[version]).unwrap();
        keys["Sha256"] = json!(digest(&file));
        env.put_pconf("math.Calculator.pconf", &keys);
    }

    /// The calculator in its first version, which runs.
    async fn load_first(&self, env: &TestEnv, builder: RegistryBuilder) -> (Registry, u32) {
        self.put_program(env, 0);
        self.put_pconf(env, 0);
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.process().await.unwrap();
        (registry, process)
    }
}

/// Waits for an upgrade, of which nothing before may say that it has failed.
async fn upgraded(registry: &Registry, events: &mut goplug::Events, old: u32) {
    let seen = read_until(events, "the upgrade", is(Kind::Upgraded, "math.Calculator")).await;
    let failed = |event: &Event| matches!(event, Event::UpgradeFailed { .. });
    assert!(!seen.iter().any(failed), "{seen:?}");
    assert_ne!(registry.get("Calculator", "math").unwrap().process_id(), Some(old));
}

/// Until the registry has looked at the folder, which it does after each change.
async fn looked(env: &TestEnv, events: &mut goplug::Events, marker: &str) {
    env.put_pconf(
        &format!("{marker}.pconf"),
        &json!({"Name": marker, "LazyLoad": true, "Exec": ["p"]}),
    );
    read_until(events, "the marker", is(Kind::Discovered, marker)).await;
}

#[test]
fn an_upgrade_whose_program_comes_first_does_not_fail() {
    run_test(async |env| {
        let versions = Versions::new();
        let (registry, old) = versions.load_first(env, env.registry().auto_discover(true)).await;
        let mut events = registry.events();
        versions.put_program(env, 1);
        looked(env, &mut events, "Marker").await;
        versions.put_pconf(env, 1);
        upgraded(&registry, &mut events, old).await;
    });
}

#[test]
fn an_upgrade_whose_pconf_comes_first_does_not_fail() {
    run_test(async |env| {
        let versions = Versions::new();
        let (registry, old) = versions.load_first(env, env.registry().auto_discover(true)).await;
        let mut events = registry.events();
        versions.put_pconf(env, 1);
        read_until(&mut events, "the change", is(Kind::Changed, "math.Calculator")).await;
        versions.put_program(env, 1);
        upgraded(&registry, &mut events, old).await;
    });
}

#[test]
fn an_upgrade_whose_other_half_does_not_come_fails_in_the_end() {
    run_test(async |env| {
        let versions = Versions::new();
        let (registry, old) = versions.load_first(env, env.registry().auto_discover(true)).await;
        versions.put_program(env, 1);
        let failed = |event: &Event| matches!(event, Event::UpgradeFailed { .. });
        let mut events = registry.events();
        let seen = read_until(&mut events, "the failure", failed).await;
        let Some(Event::UpgradeFailed { reason, .. }) = seen.last() else { panic!("{seen:?}") };
        assert!(reason.contains("the digest of "), "{reason}");
        assert_eq!(registry.get("Calculator", "math").unwrap().process_id(), Some(old));
        // The next one is waited for anew.
        versions.put_program(env, 0);
        looked(env, &mut events, "Marker").await;
        versions.put_program(env, 1);
        versions.put_pconf(env, 1);
        upgraded(&registry, &mut events, old).await;
    });
}

#[test]
fn a_crash_amid_an_upgrade_is_restarted_from_the_new_pair() {
    run_test(async |env| {
        let versions = Versions::new();
        let builder = restarting(env.registry()).auto_discover(true);
        let (registry, old) = versions.load_first(env, builder).await;
        let mut events = registry.events();
        versions.put_program(env, 1);
        looked(env, &mut events, "Marker").await;
        kill(old);
        read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        versions.put_pconf(env, 1);
        let seen = read_until(&mut events, "the restart", |event| {
            is(Kind::Restarted, "math.Calculator")(event)
                || is(Kind::Loaded, "math.Calculator")(event)
        });
        let seen = seen.await;
        assert!(!seen.iter().any(|event| matches!(event, Event::GivenUp { .. })), "{seen:?}");
    });
}

#[test]
fn a_load_amid_an_upgrade_waits_for_the_other_half() {
    run_test(async |env| {
        let versions = Versions::new();
        let (registry, old) = versions.load_first(env, env.registry()).await;
        let mut events = registry.events();
        kill(old);
        read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        versions.put_program(env, 1);
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Calculator", "math").await });
        tokio::task::yield_now().await;
        versions.put_pconf(env, 1);
        soon("the load", load).await.unwrap().unwrap();
    });
}

#[test]
fn a_digest_that_never_fitted_is_an_error_at_once() {
    run_test(async |env| {
        let versions = Versions::new();
        versions.put_program(env, 0);
        versions.put_pconf(env, 1);
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    });
}
