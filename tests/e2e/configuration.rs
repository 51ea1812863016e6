//! What a host configures, and the values that activations build from it.

use std::path::{Path, PathBuf};

use goplug::{DiscoveredPlugin, Error, Event, Registry, State};
use goplug_tests::fixtures::calculator::Calculator;
use goplug_tests::fixtures::greeter::GreeterClient;
use goplug_tests::fixtures::mailer::{Config, Mailer, MailerClient};

use serde_json::json;

use crate::foreign::SelfStarted;
use crate::http::Connection;
use crate::test_env::{
    CALCULATOR, Kind, MAILER, POLITE, RUDE, TestEnv, is, pconf, read_until, run_test, until,
};

/// The configuration of a mailer that knows this server.
pub(crate) fn named(server: &str) -> Config {
    Config { server: server.into(), ..Config::default() }
}

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
        registry.stop().await.unwrap();
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
        registry.stop().await.unwrap();
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
        first.stop().await.unwrap();
        until("the value is dropped", || read(&journal) == "opened one\nclosed one\n").await;

        let mut client = Connection::open(&socket).await;
        let answer = client.post("/server", "").await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.body.contains("not-active"), "{}", answer.body);

        let second = configured(env, &server("two", &journal)).await;
        let mailer: MailerClient = second.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "two");
        assert_eq!(mailer.process().await.unwrap(), process.0.id());
        second.stop().await.unwrap();
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
        registry.stop().await.unwrap();
    });
}

#[test]
fn plugins_are_configured_as_they_are_discovered() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        env.install_calculator();
        let registry = env.registry().configure_with(|plugin| match plugin.name() {
            "Mailer" => Ok(Some(named(plugin.namespace()))),
            name => Err(format!("nobody knows {name}")),
        });
        let registry = registry.start().await.unwrap();
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "acme");
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        let expected = "the configuration of math.Calculator is not known: nobody knows Calculator";
        assert_eq!(error.to_string(), expected);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_is_configured_by_its_name_is_not_asked_for() {
    run_test(async |env| {
        env.install::<Mailer>(MAILER);
        let registry = env.registry().configure("Mailer", "acme", &named("one"));
        let registry = registry.configure_with(|_| Ok::<_, String>(Some(named("two"))));
        let registry = registry.start().await.unwrap();
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "one");
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_panic_where_plugins_are_configured_rejects_that_plugin_alone() {
    run_test(async |env| {
        let path = env.install::<Mailer>(MAILER);
        env.install_calculator();
        let registry = env.registry().auto_discover(true).configure_with(|plugin| {
            assert_ne!(plugin.name(), "Mailer", "a test's own");
            Ok::<_, String>(None::<Config>)
        });
        let registry = registry.start().await.unwrap();
        let mut events = registry.events();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        let is_rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        read_until(&mut registry.events(), "the rejection", is_rejected).await;
        let rejected = registry.rejected();
        assert_eq!(rejected[0].path, path);
        assert!(rejected[0].reason.contains("a test's own"), "{}", rejected[0].reason);
        assert_eq!(registry.get("Mailer", "acme").unwrap().state(), State::Discovered);
        registry.stop().await.unwrap();
    });
}

/// Installs a mailer whose `.pconf` says what it reads.
pub(crate) fn install_with_schema(env: &TestEnv) -> PathBuf {
    let mut keys = pconf::<Mailer>(MAILER);
    keys["ConfigurationType"] = json!({"type": "Config", "schema": {"$ref": "#/$defs/Config"}});
    keys["$defs"] = json!({"Config": {
        "type": "object",
        "properties": {
            "server": {"type": "string"},
            "port": {"type": ["integer", "null"], "minimum": 0, "maximum": 65535},
            "password": {"type": ["string", "null"], "writeOnly": true}
        },
        "required": ["server"]
    }});
    env.put_pconf("acme.Mailer.pconf", &keys)
}

#[test]
fn a_configuration_that_does_not_fit_starts_no_process_and_is_not_shown() {
    run_test(async |env| {
        install_with_schema(env);
        let wrong = json!({"port": "hunter2", "password": ["hunter3"]});
        let builder = env.registry().auto_discover(true).configure("Mailer", "acme", &wrong);
        let shown = format!("{builder:?}");
        let registry = builder.start().await.unwrap();
        let is_rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        let seen = read_until(&mut registry.events(), "the rejection", is_rejected).await;
        let error = registry.load("Mailer", "acme").await.unwrap_err();

        let expected = "the configuration of acme.Mailer does not fit: \
                        the key \"server\" is missing; \
                        /password: expected a string or null, found an array; \
                        /port: expected an integer or null, found a string";
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        assert_eq!(error.to_string(), expected);
        assert_eq!(registry.rejected()[0].reason, expected);
        let shown = format!("{shown} {seen:?} {error:?} {registry:?}");
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(env.processes().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_that_needs_a_configuration_is_not_started_without() {
    run_test(async |env| {
        install_with_schema(env);
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Mailer", "acme").await.unwrap_err().to_string();
        let expected = "the configuration of acme.Mailer does not fit: the host gives none, and a \
                        `Config` is expected";
        assert_eq!(error, expected);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_registry_that_loads_nothing_by_itself_lists_what_there_is() {
    run_test(async |env| {
        env.install_calculator();
        env.install_polite();
        env.install_counter();
        let registry = env.registry().auto_discover(true).auto_load(false);
        let registry = registry.start().await.unwrap();
        let discovered = registry.discovered();
        let names: Vec<_> = discovered.iter().map(DiscoveredPlugin::name).collect();
        assert_eq!(names, ["Counter", "Polite", "Calculator"]);
        assert!(discovered.iter().all(|plugin| plugin.state() == State::Discovered));

        // A changed file is looked at, and starts nothing either.
        let mut changed = pconf::<Calculator>(CALCULATOR);
        changed["Note"] = json!("a newer one");
        let mut events = registry.events();
        env.put_pconf("math.Calculator.pconf", &changed);
        read_until(&mut events, "the change", is(Kind::Changed, "math.Calculator")).await;
        let calculator = registry.get("Calculator", "math").unwrap();
        let error = calculator.execute("add", "[2,3]").await.unwrap_err();
        assert!(error.to_string().ends_with("it is not loaded"), "{error}");
        assert!(env.processes().is_empty());

        // Once it is loaded, it is upgraded as any other.
        let calculator = env.load_calculator(&registry).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        env.install_calculator();
        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "math.Calculator")).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn one_plugin_may_be_loaded_where_no_other_is() {
    run_test(async |env| {
        env.install_calculator();
        env.install_polite();
        let registry = env.registry().auto_discover(true).auto_load(false);
        let registry = registry.plugin("Calculator", "math", |policy| policy.auto_load(true));
        let registry = registry.start().await.unwrap();
        read_until(&mut registry.events(), "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert!(!registry.is_loaded("Polite", "greeters"));
        registry.stop().await.unwrap();
    });
}

#[test]
fn the_plugins_that_fulfil_a_contract_are_found_without_starting_them() {
    run_test(async |env| {
        for program in [POLITE, CALCULATOR] {
            env.install_itself(program);
        }
        let keys = json!({"Name": "Rude", "NameSpace": "greeters", "Protocol": 2, "Exec": [RUDE]});
        env.put_pconf("greeters.Rude.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let names = || {
            let found = registry.fulfilling::<GreeterClient>().into_iter();
            found.map(|plugin| plugin.name().to_owned()).collect::<Vec<_>>()
        };
        // The file of the other greeter names no methods.
        assert_eq!(names(), ["Polite"]);
        assert!(env.processes().is_empty());
        registry.load("Rude", "greeters").await.unwrap();
        assert_eq!(names(), ["Polite", "Rude"]);
        registry.stop().await.unwrap();
    });
}
