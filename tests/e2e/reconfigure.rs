//! Plugins that get another configuration while they run.

use goplug::{Error, Registry, Restart};
use goplug_tests::fixtures::mailer::{Config, Mailer, MailerBlockingClient, MailerClient};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::configuration::{install_with_schema, named};
use crate::foreign::SelfStarted;
use crate::test_env::{Kind, MAILER, TestEnv, is, read_until, run_test, soon, until};

/// A registry that restarts its mailer, which knows the server `one`.
async fn mailer(env: &TestEnv) -> (Registry, MailerClient) {
    let registry = env.registry().configure("Mailer", "acme", &named("one"));
    let registry = registry.restart(Restart::permanent()).start().await.unwrap();
    let mailer = registry.client().await.unwrap();
    (registry, mailer)
}

#[test]
fn a_new_process_gets_the_new_configuration_and_no_call_is_dropped() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let (registry, mailer) = mailer(env).await;
        let before = mailer.process().await.unwrap();
        let (done, watch) = watch::channel(false);
        let mut callers = JoinSet::new();
        for _ in 0..4 {
            let (caller, done) = (mailer.clone(), watch.clone());
            callers.spawn(async move {
                while !*done.borrow() {
                    caller.server().await.unwrap();
                }
            });
        }
        for server in ["two", "three"] {
            let config = named(server);
            let reconfigured = registry.reconfigure("Mailer", "acme", &config);
            soon("the new process", reconfigured).await.unwrap();
            assert_eq!(mailer.server().await.unwrap(), server);
        }
        done.send_replace(true);
        soon("the callers", callers.join_all()).await;
        assert_ne!(mailer.process().await.unwrap(), before);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_new_configuration_holds_for_restarts_and_reloads() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let (registry, mailer) = mailer(env).await;
        registry.reconfigure("Mailer", "acme", &named("two")).await.unwrap();
        let mut events = registry.events();
        mailer.abort().await.unwrap_err();
        read_until(&mut events, "the restart", is(Kind::Restarted, "acme.Mailer")).await;
        assert_eq!(mailer.server().await.unwrap(), "two");
        registry.reload("Mailer", "acme").await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "two");
        mailer.plugin().unload().await.unwrap();
        registry.load("Mailer", "acme").await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "two");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_configuration_that_the_plugin_refuses_leaves_the_old_process_and_its_configuration() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let (registry, mailer) = mailer(env).await;
        let before = mailer.process().await.unwrap();
        let error = registry.reconfigure("Mailer", "acme", &named("")).await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        assert!(error.to_string().contains("which server?"), "{error}");
        assert_eq!(mailer.process().await.unwrap(), before);
        let mut events = registry.events();
        mailer.abort().await.unwrap_err();
        read_until(&mut events, "the restart", is(Kind::Restarted, "acme.Mailer")).await;
        assert_eq!(mailer.server().await.unwrap(), "one");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_configuration_that_does_not_fit_starts_no_new_process() {
    run_test(async |env| {
        install_with_schema(env);
        let (registry, mailer) = mailer(env).await;
        let before = env.processes();
        let wrong = serde_json::json!({"server": "two", "port": 70_000});
        let error = registry.reconfigure("Mailer", "acme", &wrong).await.unwrap_err().to_string();
        let expected = "the configuration of acme.Mailer does not fit: \
                        /port: expected at most 65535";
        assert_eq!(error, expected);
        assert_eq!(env.processes(), before);
        assert_eq!(mailer.server().await.unwrap(), "one");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_does_not_run_gets_the_configuration_when_it_starts() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let registry = env.registry().start().await.unwrap();
        registry.reconfigure("Mailer", "acme", &named("two")).await.unwrap();
        assert!(env.processes().is_empty());
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "two");
        let error = registry.reconfigure("Nobody", "acme", &()).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_another_process_has_started_cannot_be_reconfigured() {
    run_test(async |env| {
        let _process = SelfStarted::start_program(env, MAILER);
        let file = env.folder().join("acme.Mailer.pconf");
        until("it has put its file into place", || file.exists()).await;
        let (registry, mailer) = mailer(env).await;
        let error = registry.reconfigure("Mailer", "acme", &named("two")).await.unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        assert!(error.to_string().contains("is started by another process"), "{error}");
        assert_eq!(mailer.server().await.unwrap(), "one");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_host_that_is_not_async_reconfigures_too() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let builder = env.registry().configure("Mailer", "acme", &named("one"));
        let blocking = move || {
            let registry = builder.start_blocking().unwrap();
            let mailer: MailerBlockingClient = registry.client().unwrap();
            assert_eq!(mailer.server().unwrap(), "one");
            let two = Config { port: Some(25), ..named("two") };
            registry.reconfigure("Mailer", "acme", &two).unwrap();
            assert_eq!(mailer.server().unwrap(), "two");
            assert_eq!(mailer.port().unwrap(), Some(25));
            let found = registry.fulfilling::<MailerBlockingClient>();
            assert_eq!(found.len(), 1);
            registry.stop().unwrap();
        };
        tokio::task::spawn_blocking(blocking).await.unwrap();
    });
}
