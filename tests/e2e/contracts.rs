//! What a client and its plugin disagree on is known before the first call: at the binding, the
//! load, the restart, the upgrade. The versions of `acme.Store` are spelled alike.

use std::time::Duration;

use goplug::{Error, Event, Registry, Restart, State, blocking};
use goplug_tests::fixtures::store::{VERSION_FILE, demanding, first, renamed};
use goplug_tests::system::{program_name, replace_program};
use serde_json::json;

use crate::test_env::{Kind, STORE, TestEnv, is, read_until, run_test};

/// Installs a version of the store.
pub(crate) fn install(env: &TestEnv, version: &str) {
    install_program(env, version);
    let keys = json!({
        "Name": "Store", "NameSpace": "acme", "Protocol": 2, "Version": "1.0.0",
        "Exec": [program_name("store")], "LazyLoad": true, "x-version": version,
    });
    env.put_pconf("acme.Store.pconf", &keys);
}

/// Puts the program of a version in the place of another.
fn install_program(env: &TestEnv, version: &str) {
    env.put(VERSION_FILE, version);
    replace_program(STORE.as_ref(), &env.folder().join(program_name("store"))).unwrap();
}

async fn start(env: &TestEnv, version: &str) -> Registry {
    install(env, version);
    env.registry().start().await.unwrap()
}

pub(crate) fn order() -> first::Order {
    first::Order { item: "tea".into(), dry_run: true }
}

#[test]
fn a_client_is_bound_to_the_version_that_it_was_made_for() {
    run_test(async |env| {
        let registry = start(env, "first").await;
        let mut events = registry.events();
        let store: first::StoreClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        assert_eq!(store.sell(order()).await.unwrap(), "tea, dry: true");
        let seen = read_until(&mut events, "the load", is(Kind::Loaded, "acme.Store")).await;
        registry.stop().await.unwrap();
        let mut rest = Vec::new();
        while let Some(event) = events.next().await {
            rest.push(event);
        }
        let drift = |event: &Event| matches!(event, Event::ContractDrift { .. });
        assert!(!seen.iter().chain(&rest).any(drift), "{seen:?} {rest:?}");
    });
}

#[test]
fn a_field_that_the_plugin_demands_is_an_error_at_the_binding() {
    run_test(async |env| {
        let registry = start(env, "demanding").await;
        let error = registry.client::<first::StoreClient>().await.unwrap_err();
        env.note_socket(&registry);
        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert!(differences[0].contains("order.count"), "{error}");
        // Without `await` too, and the plugin's own client is bound all the same.
        let plugin = registry.get("Store", "acme").unwrap();
        assert!(matches!(first::StoreClient::new(plugin.clone()), Err(Error::Contract { .. })));
        let store: demanding::StoreClient = plugin.client().unwrap();
        let order = demanding::Order { item: "tea".into(), dry_run: false, count: 3 };
        assert_eq!(store.sell(order).await.unwrap(), "3 of tea, dry: false");
    });
}

#[test]
fn a_blocking_client_is_compared_too() {
    run_test(async |env| {
        install(env, "demanding");
        let builder = env.registry();
        tokio::task::spawn_blocking(move || {
            let registry = builder.start_blocking().unwrap();
            let error = registry.client::<first::StoreBlockingClient>().unwrap_err();
            assert!(matches!(error, Error::Contract { .. }), "{error:?}");
            let store: demanding::StoreBlockingClient = registry.client().unwrap();
            let plugin: &blocking::Plugin = store.plugin();
            assert!(plugin.describe().unwrap().has_schemas());
            registry.stop().unwrap();
        })
        .await
        .unwrap();
    });
}

#[test]
fn what_is_lost_is_an_event_once_for_each_client_and_process() {
    run_test(async |env| {
        let registry = start(env, "renamed").await;
        let mut events = registry.events();
        let store: first::StoreClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let again: first::StoreClient = registry.client().await.unwrap();
        assert_eq!(store.sell(order()).await.unwrap(), "tea, dry: false");
        let seen =
            read_until(&mut events, "the drift", is(Kind::ContractDrift, "acme.Store")).await;
        let Some(Event::ContractDrift { client, differences, .. }) = seen.last() else {
            panic!("{seen:?}")
        };
        assert!(client.ends_with("StoreClient"), "{client}");
        assert!(differences[0].contains("dry_run"), "{differences:?}");
        assert!(differences[0].contains("simulate"), "{differences:?}");
        drop((store, again));
        registry.stop().await.unwrap();
        while let Some(event) = events.next().await {
            assert!(!matches!(event, Event::ContractDrift { .. }), "{event:?}");
        }
    });
}

#[test]
fn a_policy_refuses_what_is_lost() {
    run_test(async |env| {
        install(env, "renamed");
        let builder = env.registry().policy(|policy| policy.refuse_lossy_contracts(true));
        let registry = builder.start().await.unwrap();
        let error = registry.client::<first::StoreClient>().await.unwrap_err();
        env.note_socket(&registry);
        assert!(matches!(error, Error::Contract { .. }), "{error:?}");
        registry.client::<renamed::StoreClient>().await.unwrap();
    });
}

#[test]
fn an_upgrade_that_breaks_a_bound_client_leaves_the_old_process() {
    run_test(async |env| {
        let registry = start(env, "first").await;
        let store: first::StoreClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        install(env, "demanding");
        let error = registry.reload("Store", "acme").await.unwrap_err();
        assert!(matches!(error, Error::Contract { .. }), "{error:?}");
        assert_eq!(store.sell(order()).await.unwrap(), "tea, dry: true");
        install(env, "renamed");
        let mut events = registry.events();
        registry.reload("Store", "acme").await.unwrap();
        assert_eq!(store.sell(order()).await.unwrap(), "tea, dry: false");
        read_until(&mut events, "the drift", is(Kind::ContractDrift, "acme.Store")).await;
    });
}

#[test]
fn a_restart_with_another_program_is_compared() {
    run_test(async |env| {
        install(env, "first");
        let restart =
            Restart::permanent().backoff(Duration::from_millis(1), Duration::from_millis(1));
        let builder = env.registry().policy(|policy| policy.restart(restart));
        let registry = builder.start().await.unwrap();
        let store: first::StoreClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let mut events = registry.events();
        // The next process is of another version, and the `.pconf` is the same.
        install_program(env, "demanding");
        crate::test_env::kill(store.plugin().process_id().unwrap());

        let seen =
            read_until(&mut events, "the end of the restarts", is(Kind::GivenUp, "acme.Store"))
                .await;

        let Some(Event::GivenUp { reason, .. }) = seen.last() else { panic!("{seen:?}") };
        assert!(reason.contains("order.count"), "{reason}");
        assert_ne!(store.plugin().state(), State::Loaded);
    });
}

#[test]
fn a_client_that_is_bound_before_the_load_is_compared_at_the_load() {
    run_test(async |env| {
        let registry = start(env, "demanding").await;
        let plugin = registry.get("Store", "acme").unwrap();
        let _store: first::StoreClient = plugin.client().unwrap();
        let error = registry.load("Store", "acme").await.unwrap_err();
        assert!(matches!(error, Error::Contract { .. }), "{error:?}");
        // The client is forgotten, so that the next start does not fail because of it.
        registry.load("Store", "acme").await.unwrap();
        env.note_socket(&registry);
    });
}
