//! A new configuration is that of all instances, or of none.

use std::path::{Path, PathBuf};
use std::time::Duration;

use goplug::{Error, Event, Registry, Restart};
use goplug_tests::fixtures::calculator::{CalculatorClient, Setup};
use tokio::task::JoinHandle;

use super::{of_instance, processes};
use crate::test_env::{TestEnv, kill, read_until, run_test, soon, until};

/// A configuration whose processes end during their activation unless this file is there.
fn needing(needed: &Path, greeting: &str) -> Setup {
    let needs = Some(needed.into());
    Setup { greeting: Some(greeting.into()), exit: Some(3), needs, ..Setup::default() }
}

/// Three instances that were configured once since the registry started.
async fn configured(env: &TestEnv, setup: &Setup) -> (Registry, CalculatorClient) {
    env.install_calculator();
    let wait = Duration::from_millis(20);
    let restart = Restart::permanent().backoff(wait, wait).intensity(100_000, wait);
    let builder = env.registry().restart(restart);
    let builder = builder.plugin("Calculator", "math", |policy| policy.instances(3));
    let registry = builder.start().await.unwrap();
    let calculator = env.load_calculator(&registry).await;
    registry.reconfigure("Calculator", "math", setup).await.unwrap();
    (registry, calculator)
}

/// A new configuration that reaches the first instance, and waits before the second is replaced.
struct Midway {
    configuring: JoinHandle<goplug::Result<()>>,
    needed: PathBuf,
    gate: PathBuf,
}

impl Midway {
    async fn start(env: &TestEnv, registry: &Registry) -> Self {
        let (needed, gate) = (env.path("new"), env.path("gate"));
        std::fs::write(&needed, "").unwrap();
        let setup = Setup { wait_for: Some(gate.clone()), ..needing(&needed, "new") };
        let registry = registry.clone();
        let configuring = tokio::spawn(async move {
            registry.reconfigure("Calculator", "math", &setup).await.map(drop)
        });
        let begun = env.path("gate.begun");
        until("the first is being replaced", || begun.exists()).await;
        Self { configuring, needed, gate }
    }

    /// Lets the first instance have it; the second cannot start with it. Returns the error.
    async fn fail(self) -> Error {
        std::fs::remove_file(&self.needed).unwrap();
        std::fs::write(&self.gate, "").unwrap();
        soon("the failure", self.configuring).await.unwrap().unwrap_err()
    }
}

/// Each of the three instances answers with this greeting.
async fn check_greetings(calculator: &CalculatorClient, greeting: &str) {
    for _ in 0..6 {
        assert_eq!(calculator.greeting().await.unwrap().as_deref(), Some(greeting));
    }
}

#[test]
fn a_configuration_that_fails_midway_leaves_all_instances_with_the_old_one() {
    run_test(async |env| {
        let old = Setup { greeting: Some("old".into()), ..Setup::default() };
        let (registry, calculator) = configured(env, &old).await;
        let before = processes(&registry);
        let error = Midway::start(env, &registry).await.fail().await;
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("instance 1: it ended during its activation"), "{text}");
        assert!(text.contains("; the plugin keeps the configuration that it had"), "{text}");
        let now = processes(&registry);
        assert!(now.len() == 3 && now[0] != before[0] && now[1..] == before[1..]);
        check_greetings(&calculator, "old").await;
        // Nor does a later start of an instance that it had reached have it.
        let mut events = registry.events();
        kill(now[0]);
        read_until(&mut events, "the restart", |event| {
            matches!(of_instance(event), Some((0, Event::Restarted { .. })))
        })
        .await;
        check_greetings(&calculator, "old").await;
        let new = Setup { greeting: Some("new".into()), ..Setup::default() };
        registry.reconfigure("Calculator", "math", &new).await.unwrap();
        check_greetings(&calculator, "new").await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_instance_that_does_not_take_the_old_configuration_back_is_restarted_with_it() {
    run_test(async |env| {
        let needed = env.path("old");
        std::fs::write(&needed, "").unwrap();
        let (registry, calculator) = configured(env, &needing(&needed, "old")).await;
        let midway = Midway::start(env, &registry).await;
        std::fs::remove_file(&needed).unwrap();
        midway.fail().await;
        // The other two serve meanwhile.
        assert_eq!(processes(&registry).len(), 2);
        check_greetings(&calculator, "old").await;
        std::fs::write(&needed, "").unwrap();
        until("the restart", || processes(&registry).len() == 3).await;
        check_greetings(&calculator, "old").await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn an_instance_that_crashes_between_two_others_getting_a_configuration_has_it_too() {
    run_test(async |env| {
        let old = Setup { greeting: Some("old".into()), ..Setup::default() };
        let (registry, calculator) = configured(env, &old).await;
        let (gate, begun) = (env.path("gate"), env.path("gate.begun"));
        std::fs::write(&gate, "").unwrap();
        let setup =
            Setup { wait_for: Some(gate.clone()), greeting: Some("new".into()), ..old.clone() };
        let before = processes(&registry);
        let mut events = registry.events();
        let configuring = {
            let registry = registry.clone();
            let configure =
                async move { registry.reconfigure("Calculator", "math", &setup).await.map(drop) };
            tokio::spawn(configure)
        };
        read_until(&mut events, "the first has it", |event| {
            matches!(of_instance(event), Some((0, Event::Upgraded { .. })))
        })
        .await;
        let first = processes(&registry)[0];
        assert_ne!(first, before[0]);
        kill(first);
        soon("the configuration", configuring).await.unwrap().unwrap();
        until("the restart", || processes(&registry).len() == 3).await;
        assert!(begun.exists());
        check_greetings(&calculator, "new").await;
        registry.stop().await.unwrap();
    });
}
