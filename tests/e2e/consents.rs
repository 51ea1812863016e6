//! The host's consent to what a plugin asks for, of several instances and of further names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use goplug::{Error, Event, Events, Permission, Plugin, Registry, Sandbox};
use goplug_tests::fixtures::confined::ConfinedClient;
use serde_json::json;

use crate::permissions::{file, install, is_refused, requested};
use crate::test_env::{TestEnv, read_until, run_test, until};

/// A plugin that has read one file, and whose folder is watched.
struct Watched {
    registry: Registry,
    plugin: Plugin,
    client: ConfinedClient,
    files: [PathBuf; 2],
    events: Events,
}

impl Watched {
    /// With this many instances, and under the further name `test.Second`.
    async fn start(env: &TestEnv, instances: usize) -> Self {
        let files = [file(env, "data/one"), file(env, "data/two")];
        install(env, &json!({"read": [files[0]]}));
        let registry = env
            .registry()
            .sandbox(Sandbox::new().read(env.path("data")).least_privilege())
            .plugin("Confined", "test", move |policy| policy.instances(instances))
            .alias("Second", "test", "test.Confined")
            .auto_discover(true)
            .start()
            .await
            .unwrap();
        let client: ConfinedClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let plugin = registry.get("Confined", "test").unwrap();
        let events = registry.events();
        Self { registry, plugin, client, files, events }
    }

    fn processes(&self) -> Vec<u32> {
        self.plugin.stats().instances.iter().filter_map(|it| it.process_id).collect()
    }
}

#[test]
fn several_instances_wait_for_one_consent_and_all_have_it() {
    run_test(async |env| {
        let mut watched = Watched::start(env, 3).await;
        let before = watched.processes();
        assert_eq!(before.len(), 3);
        let [one, two] = watched.files.clone();
        install(env, &json!({"read": [one, two]}));
        let more = requested(&mut watched.events).await;
        assert_eq!(more, [Permission::Read(two.clone())]);
        for _ in 0..3 {
            assert_eq!(watched.client.read(one.clone()).await.unwrap(), "data/one");
            assert!(is_refused(watched.client.read(two.clone()).await));
        }
        assert_eq!(watched.processes(), before);
        watched.plugin.grant(&more).await.unwrap();
        // One after another has been replaced, each once.
        let after = watched.processes();
        assert!(after.len() == 3 && after.iter().all(|process| !before.contains(process)));
        for _ in 0..3 {
            assert_eq!(watched.client.read(two.clone()).await.unwrap(), "data/two");
        }
        let mut upgraded = BTreeSet::new();
        let seen = read_until(&mut watched.events, "the upgrades", |event| {
            if let Event::Instance { instance, event, .. } = event
                && matches!(**event, Event::Upgraded { .. })
            {
                assert!(upgraded.insert(*instance), "{instance}");
            }
            upgraded.len() == 3
        })
        .await;
        let has_failed = |event: &Event| matches!(event, Event::Instance { event, .. } if matches!(**event, Event::UpgradeFailed { .. }));
        assert!(!seen.iter().any(has_failed), "{seen:?}");
        until("the old processes are gone", || {
            let running = env.processes();
            before.iter().all(|process| !running.contains(process))
        })
        .await;
        watched.registry.stop().await.unwrap();
    });
}

#[test]
fn the_consent_to_one_name_is_none_to_another() {
    run_test(async |env| {
        let mut watched = Watched::start(env, 1).await;
        let second = watched.registry.load("Second", "test").await.unwrap();
        let of_second: ConfinedClient = second.client().unwrap();
        let [one, two] = watched.files.clone();
        assert_eq!(of_second.read(one.clone()).await.unwrap(), "data/one");
        install(env, &json!({"read": [one, two]}));
        let mut asking = BTreeSet::new();
        read_until(&mut watched.events, "both ask", |event| {
            if let Event::PermissionsRequested { plugin, permissions } = event {
                assert_eq!(permissions, &[Permission::Read(two.clone())]);
                asking.insert(plugin.to_string());
            }
            asking.len() == 2
        })
        .await;
        let more = [Permission::Read(two.clone())];
        watched.plugin.grant(&more).await.unwrap();
        assert_eq!(watched.client.read(two.clone()).await.unwrap(), "data/two");
        assert!(is_refused(of_second.read(two.clone()).await));
        assert_eq!(second.granted_permissions(), [Permission::Read(one)]);
        let error = watched.registry.reload("Second", "test").await.unwrap_err();
        assert!(matches!(error, Error::ConsentRequired { .. }), "{error:?}");
        second.grant(&more).await.unwrap();
        assert_eq!(of_second.read(two).await.unwrap(), "data/two");
        watched.registry.stop().await.unwrap();
    });
}
