//! Plugins that do not say their schemas when a client is bound: the reason is in the log, and in the
//! error if there is one.
//!
//! These tests need Python; without it they say so and pass.

use std::path::Path;

use goplug::Error;
use goplug_tests::fixtures::store::first::{StoreBlockingClient, StoreClient};
use serde_json::json;

use crate::test_env::{STORE, TestEnv, has_python, run_test};
use crate::test_log;

/// Installs `acme.Store` in this mode; false if there is no Python.
fn install(env: &TestEnv, mode: &str) -> bool {
    if !has_python() {
        return false;
    }
    let described = env.command(STORE).arg("describe").env("STORE", "first").output().unwrap();
    assert!(described.status.success(), "{described:?}");
    let descriptor = env.put("store.json", described.stdout);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/undescribed.py");
    env.put("store.py", std::fs::read(script).unwrap());
    let keys = json!({
        "Name": "Store", "NameSpace": "acme", "Protocol": 2, "LazyLoad": true,
        "Exec": ["/usr/bin/env", "python3", "store.py", mode, descriptor],
    });
    env.put_pconf("acme.Store.pconf", &keys);
    true
}

/// Binds a client to the store; `None` if there is no Python.
async fn bind(env: &TestEnv, mode: &str) -> Option<goplug::Result<StoreClient>> {
    test_log::record();
    if !install(env, mode) {
        return None;
    }
    let registry = env.registry().start().await.unwrap();
    let bound = registry.client().await;
    registry.stop().await.unwrap();
    Some(bound)
}

/// The error of a client whose signatures are others, for a plugin that did not say its schemas.
async fn refused(env: &TestEnv, mode: &str, reason: &str) {
    let Some(bound) = bind(env, mode).await else { return };
    let error = bound.unwrap_err();
    let Error::Contract { differences, .. } = &error else { panic!("{mode}: {error:?}") };
    let expected = format!("the plugin did not say its schemas: {reason}");
    assert!(differences[0].contains(&expected), "{mode}: {error}");
    assert!(!differences[0].contains("derive"), "{mode}: {error}");
    let logged = test_log::lines_with(reason);
    assert!(logged.iter().any(|line| line.starts_with("WARN goplug::contract")), "{logged:?}");
}

#[test]
fn schemas_that_are_said_are_compared_whatever_the_fingerprints_are() {
    run_test(async |env| {
        let Some(bound) = bind(env, "says").await else { return };
        bound.unwrap();
    });
}

#[test]
fn a_plugin_without_an_answer_is_not_told_to_derive_schemas() {
    run_test(async |env| refused(env, "silent", "GET / of acme.Store").await);
}

#[test]
fn an_answer_that_is_no_descriptor_is_told() {
    run_test(async |env| refused(env, "list", "its answer to `GET /` is no descriptor").await);
}

#[test]
fn an_answer_that_describes_another_plugin_is_told() {
    run_test(async |env| {
        refused(env, "other", "its answer to `GET /` is of another plugin, acme.Shop").await;
    });
}

#[test]
fn an_answer_with_other_members_is_told() {
    run_test(async |env| {
        refused(env, "members", "its answer to `GET /` has other members").await;
    });
}

#[test]
fn an_error_for_an_answer_is_told() {
    run_test(async |env| refused(env, "fails", "it answered `GET /` with the status 500").await);
}

#[test]
fn a_connection_that_is_closed_for_an_answer_is_told() {
    run_test(async |env| refused(env, "closes", "GET / of acme.Store: it runs on").await);
}

async fn refused_without_schemas(env: &TestEnv, mode: &str) {
    let Some(bound) = bind(env, mode).await else { return };
    let error = bound.unwrap_err();
    let Error::Contract { differences, .. } = &error else { panic!("{mode}: {error:?}") };
    assert!(differences[0].contains("derive `schemars::JsonSchema`"), "{mode}: {error}");
}

#[test]
fn a_plugin_that_does_not_know_the_request_is_as_one_that_was_built_without_schemas() {
    run_test(async |env| refused_without_schemas(env, "unknown").await);
    run_test(async |env| refused_without_schemas(env, "refuses").await);
}

#[test]
fn a_plugin_that_exits_when_it_is_asked_has_crashed() {
    run_test(async |env| {
        let Some(bound) = bind(env, "exits").await else { return };
        let error = bound.unwrap_err();
        let Error::Crashed { status, stderr, .. } = &error else { panic!("{error:?}") };
        assert!(status.contains('3'), "{error}");
        assert_eq!(stderr, &["I cannot say that"]);
    });
}

#[test]
fn a_plugin_that_exits_when_a_load_asks_has_crashed() {
    run_test(async |env| {
        if !install(env, "exits") {
            return;
        }
        let registry = env.registry().start().await.unwrap();
        let _early: StoreClient = registry.get("Store", "acme").unwrap().client().unwrap();
        let error = registry.load("Store", "acme").await.unwrap_err();
        assert!(matches!(error, Error::Crashed { .. }), "{error:?}");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_exits_while_a_host_blocks_has_crashed() {
    run_test(async |env| {
        if !install(env, "exits") {
            return;
        }
        let builder = env.registry();
        let task = tokio::task::spawn_blocking(move || {
            let registry = builder.start_blocking().unwrap();
            let error = registry.client::<StoreBlockingClient>().unwrap_err();
            registry.stop().unwrap();
            error
        });
        let error = task.await.unwrap();
        assert!(matches!(error, Error::Crashed { .. }), "{error:?}");
    });
}
