//! What a host configures, and the values that activations build from it.

use std::path::{Path, PathBuf};

use goplug::{Error, Registry, State};
use goplug_tests::fixtures::mailer::{Config, Mailer, MailerClient};

use crate::foreign::SelfStarted;
use crate::http::Connection;
use crate::test_env::{MAILER, TestEnv, run_test, until};

fn server(name: &str, journal: &Path) -> Config {
    Config { server: name.into(), journal: Some(journal.into()), ..Config::default() }
}

fn read(journal: &PathBuf) -> String {
    std::fs::read_to_string(journal).unwrap_or_default()
}

/// A registry whose mailer has this configuration.
async fn configured(env: &TestEnv, config: &Config) -> Registry {
    env.registry().configure("Mailer", "acme", config).start().await.unwrap()
}

#[test]
fn the_activation_builds_the_value_and_the_stop_drops_it() {
    run_test(async |env| {
        let journal = env.path("journal");
        env.install::<Mailer>(MAILER);
        let registry = configured(env, &server("one", &journal)).await;
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "one");
        mailer.plugin().unload().await.unwrap();
        assert_eq!(read(&journal), "opened one\nclosed one\n");
        registry.load("Mailer", "acme").await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "one");
        registry.stop().await;
    });
}

#[test]
fn a_value_that_cannot_be_built_is_the_error_of_the_load() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let registry = configured(env, &Config::default()).await;
        let error = registry.load("Mailer", "acme").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        assert!(error.to_string().contains("which server?"), "{error}");
        registry.stop().await;
    });
}

#[test]
fn each_activation_of_a_process_builds_a_value_anew() {
    run_test(async |env| {
        let journal = env.path("journal");
        let process = SelfStarted::start_program(env, MAILER);
        let file = env.folder().join("acme.Mailer.pconf");
        until("it has put its file into place", || file.exists()).await;
        let first = configured(env, &server("one", &journal)).await;
        let mailer: MailerClient = first.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "one");
        let socket = mailer.plugin().socket().unwrap();
        first.stop().await;
        until("the value is dropped", || read(&journal) == "opened one\nclosed one\n").await;

        let mut client = Connection::open(&socket).await;
        let answer = client.post("/server", "").await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.body.contains("not-active"), "{}", answer.body);

        let second = configured(env, &server("two", &journal)).await;
        let mailer: MailerClient = second.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "two");
        assert_eq!(mailer.process().await.unwrap(), process.0.id());
        second.stop().await;
    });
}

#[test]
fn a_call_in_flight_keeps_the_value_that_it_began_with() {
    run_test(async |env| {
        let (journal, gate) = (env.path("journal"), env.path("gate"));
        env.install::<Mailer>(MAILER);
        let registry = configured(env, &server("one", &journal)).await;
        let mailer: MailerClient = registry.client().await.unwrap();
        let caller = mailer.clone();
        let path = gate.clone();
        let call = tokio::spawn(async move { caller.server_after(path).await });
        until("the call is in flight", || read(&journal).contains("called one")).await;
        let plugin = mailer.plugin().clone();
        let unload = tokio::spawn(async move { plugin.unload().await });
        until("it stops", || mailer.plugin().state() == State::Discovered).await;
        std::fs::write(&gate, "").unwrap();
        assert_eq!(call.await.unwrap().unwrap(), "one");
        unload.await.unwrap().unwrap();
        assert_eq!(read(&journal), "opened one\ncalled one\nclosed one\n");
        registry.stop().await;
    });
}
