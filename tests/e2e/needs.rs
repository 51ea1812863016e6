//! The services that a plugin declares, and those that its host does not provide.

use std::fs;

use goplug::testing::InProcess;
use goplug::{CallError, Error, Event, Registry, RegistryBuilder};
use goplug_tests::fixtures::report::{Cache, Report, ReportClient};
use serde_json::{Value, json};

use crate::services::{Pool, report, report_with};
use crate::test_env::{CALCULATOR, POLITE, REPORT, TestEnv, read_until, run_test, until};

#[derive(Default)]
struct Memory;

#[goplug::plugin(namespace = "tests")]
impl Cache for Memory {
    async fn get(&self, key: &str) -> Option<String> {
        (key == "known").then(|| "kept".into())
    }
}

#[test]
fn a_service_that_is_wanted_may_be_missing_until_it_is_used() {
    run_test(async |env| {
        let (_seen, registry, report) = report(env).await;
        let error = report.cached("known").await.unwrap_err();
        let CallError::Method(error) = error else { panic!("{error:?}") };
        assert!(error.contains("\"Cache\"") && error.contains("provide"), "{error}");
        registry.stop().await.unwrap();
        let (_seen, _registry, report) =
            report_with(env, |registry| registry.provide(Memory)).await;
        assert_eq!(report.cached("known").await.unwrap().as_deref(), Some("kept"));
        assert_eq!(report.cached("other").await.unwrap(), None);
    });
}

#[test]
fn a_service_that_is_not_declared_says_what_to_declare() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let error = report.undeclared().await.unwrap().unwrap();
        assert!(error.contains("needs(Mailer)") && error.contains("wants(Mailer)"), "{error}");
    });
}

#[test]
fn a_plugin_whose_need_nobody_provides_is_not_started() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let registry = env.registry().start().await.unwrap();
        let error = registry.client::<ReportClient>().await.unwrap_err();
        let Error::NotProvided { id, service, .. } = &error else { panic!("{error:?}") };
        assert_eq!((id.to_string(), service.as_str()), ("tests.Report".into(), "Database"));
        assert!(error.to_string().contains(".provide("), "{error}");
        assert!(env.processes().is_empty());
    });
}

#[test]
fn a_need_that_no_grant_fulfils_names_the_grants() {
    run_test(async |env| {
        env.install_itself(REPORT);
        env.install_itself(POLITE);
        env.install_itself(CALCULATOR);
        let granting = env.registry().plugin("Report", "tests", |policy| {
            policy.may_call("math.Calculator").may_call("tests.Nobody").may_call("a b/c")
        });
        let error = granting.start().await.unwrap().client::<ReportClient>().await.unwrap_err();
        assert!(matches!(error, Error::NotProvided { .. }), "{error:?}");
        let text = error.to_string();
        for part in [
            "it may call \"math.Calculator\", which does not fulfil it: math.Calculator is something else \
             than the plugin means; install a version of math.Calculator",
            "\n    math.Calculator: no method of this name\n",
            "to do: give math.Calculator the method",
            "it may call \"tests.Nobody\", which is not installed",
            "it may call \"a b/c\", which is no plugin's name",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("Polite"), "{text}");
        assert!(env.processes().is_empty());
    });
}

/// Has the plugin `Report` need another plugin, with this method.
fn install_needing(env: &TestEnv, service: &str, method: &Value) {
    env.install_itself(REPORT);
    env.install_itself(CALCULATOR);
    let path = env.folder().join("tests.Report.pconf");
    let mut keys: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    keys["Needs"] = json!([{"name": service, "methods": [method]}]);
    env.put_pconf("tests.Report.pconf", &keys);
}

#[test]
fn a_plugin_that_is_something_else_than_is_needed_is_told_apart_from_a_missing_grant() {
    run_test(async |env| {
        let add = json!({"name": "add", "params": [{"name": "a", "type": "String",
            "schema": {"type": "string"}}], "returns": {"type": "i64"}});
        install_needing(env, "math.Calculator", &add);
        let differs = "method `add`\n    at: a\n    plugin: string\n    math.Calculator: i64\n";
        let remedy =
            "install a version of math.Calculator with the contract that the plugin was built";
        for (is_granted, beginning) in [
            (true, "math.Calculator is something else than the plugin means; install"),
            (false, "nothing provides it, and `may_call(\"math.Calculator\")` would not help"),
        ] {
            let registry = env.registry();
            let registry = match is_granted {
                true => registry.plugin("Report", "tests", |it| it.may_call("math.Calculator")),
                false => registry,
            };
            let registry = registry.start().await.unwrap();
            let text = registry.client::<ReportClient>().await.unwrap_err().to_string();
            for part in [beginning, differs, remedy] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains("client") && !text.contains("would fulfil it"), "{text}");
        }
    });
}

#[test]
fn a_plugin_that_fulfils_a_need_under_another_name_is_named() {
    run_test(async |env| {
        install_needing(env, "Divider", &json!({"name": "divide"}));
        let registry = env.registry().start().await.unwrap();
        let text = registry.client::<ReportClient>().await.unwrap_err().to_string();
        assert!(text.contains("may_call(\"math.Calculator\")"), "{text}");
        assert!(!text.contains("nothing provides it"), "{text}");
    });
}

/// A plugin that would fulfil a service under another name than that of the plugin that it is for.
#[test]
fn a_plugin_without_a_grant_is_never_what_fulfils_a_need() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let path = env.folder().join("tests.Report.pconf");
        let mut keys: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        keys["Needs"] = json!([{"name": "a.Wanted"}]);
        env.put_pconf("tests.Report.pconf", &keys);
        for id in [("Wanted", "a"), ("Other", "b")] {
            let keys =
                json!({"Name": id.0, "NameSpace": id.1, "Protocol": 2, "Exec": keys["Exec"]});
            env.put_pconf(&format!("{}.{}.pconf", id.1, id.0), &keys);
        }
        let registry = env.registry().start().await.unwrap();
        let error = registry.client::<ReportClient>().await.unwrap_err();
        assert!(
            matches!(&error, Error::NotProvided { service, .. } if service == "a.Wanted"),
            "{error:?}"
        );
        assert!(error.to_string().contains("may_call(\"a.Wanted\")"), "{error}");
    });
}

#[test]
fn two_values_do_not_provide_the_same_service() {
    run_test(async |env| {
        let registry = env.registry().provide(Pool::default()).provide(Pool::default());
        let error = registry.start().await.unwrap_err();
        assert!(error.to_string().contains("two values provide"), "{error}");
    });
}

/// Contracts that no service fulfils.
mod beyond {
    #[goplug::plugin]
    pub(super) trait Rows {
        #[goplug::method]
        async fn rows(&self) -> impl goplug::Stream<Item = u8>;
    }

    #[goplug::plugin]
    pub(super) trait Intake {
        #[goplug::method]
        async fn put(&self, rows: goplug::Incoming<u8>) -> u8;
    }

    #[goplug::plugin]
    pub(super) trait Work {
        #[goplug::method]
        async fn work(&self, progress: goplug::Progress<u8>) -> u8;
    }

    #[derive(Default)]
    pub(super) struct Streams;

    #[goplug::plugin(namespace = "tests")]
    impl Rows for Streams {
        async fn rows(&self) -> impl goplug::Stream<Item = u8> {
            crate::incoming::Iter(0..3)
        }
    }

    #[derive(Default)]
    pub(super) struct Takes;

    #[goplug::plugin(namespace = "tests")]
    impl Intake for Takes {
        async fn put(&self, _rows: goplug::Incoming<u8>) -> u8 {
            0
        }
    }

    #[derive(Default)]
    pub(super) struct Reports;

    #[goplug::plugin(namespace = "tests")]
    impl Work for Reports {
        async fn work(&self, _progress: goplug::Progress<u8>) -> u8 {
            0
        }
    }
}

#[test]
fn a_value_with_streams_or_progress_is_not_provided() {
    run_test(async |env| {
        let start = async |registry: RegistryBuilder| registry.start().await.unwrap_err();
        for (error, method, what) in [
            (start(env.registry().provide(beyond::Streams)).await, "rows", "result is a stream"),
            (start(env.registry().provide(beyond::Takes)).await, "put", "argument is a stream"),
            (start(env.registry().provide(beyond::Reports)).await, "work", "progress"),
            (
                InProcess::new(Report).provide(beyond::Reports).unwrap_err(),
                "\"work\": services take and give whole values",
                "progress",
            ),
        ] {
            let text = error.to_string();
            assert!(text.contains(method) && text.contains(what), "{text}");
            assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        }
    });
}

/// Another contract of the same name.
mod other {
    #[goplug::plugin]
    pub(super) trait Database {
        #[goplug::method]
        async fn query(&self, table: u8) -> Vec<u8>;
    }
}

#[derive(Default)]
struct Numbers;

#[goplug::plugin(namespace = "tests")]
impl other::Database for Numbers {
    async fn query(&self, table: u8) -> Vec<u8> {
        vec![table]
    }
}

#[test]
fn a_plugin_whose_need_is_another_than_what_is_provided_is_not_started() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let registry = env.registry().provide(Numbers).start().await.unwrap();
        let error = registry.client::<ReportClient>().await.unwrap_err();
        assert!(matches!(error, Error::NotProvided { .. }), "{error:?}");
        let text = error.to_string();
        for part in [
            "the host provides something else of this name; provide a value of the contract",
            "method `query`\n    at: table\n    plugin: string\n    host: u8\n",
            "method `slow`\n    plugin: slow(millis: u64) -> u64\n    host: no method of this name\n",
            "to do: give the host the method, or build the plugin without it",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("client") && !text.contains("may_call"), "{text}");
        assert!(env.processes().is_empty());
        let plugin = InProcess::<Report>::unloaded().provide(Numbers).unwrap();
        assert_eq!(plugin.load(&()).await.unwrap_err().to_string(), text);
    });
}

#[test]
fn an_upgrade_whose_need_is_not_met_leaves_the_old_process() {
    run_test(async |env| {
        let (_seen, registry, report) = report(env).await;
        let process = report.process().await.unwrap();
        let path = env.folder().join("tests.Report.pconf");
        let mut keys: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        keys["Needs"].as_array_mut().unwrap().push(json!({"name": "Mailer"}));
        env.put_pconf("tests.Report.pconf", &keys);
        let error = registry.reload("Report", "tests").await.unwrap_err();
        assert!(
            matches!(&error, Error::NotProvided { service, .. } if service == "Mailer"),
            "{error:?}"
        );
        assert_eq!(report.process().await.unwrap(), process);
        assert_eq!(report.texts("pages").await.unwrap().len(), 3);
    });
}

#[test]
fn a_registry_that_discovers_by_itself_says_that_a_need_is_not_met() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let registry = env.watching().await;
        let mut events = registry.events();
        let rejected = read_until(&mut events, "the rejection", |event| {
            matches!(event, Event::Rejected { .. })
        });
        let Some(Event::Rejected { reason, .. }) = rejected.await.pop() else { panic!() };
        assert!(reason.contains("Database") && reason.contains(".provide("), "{reason}");
        assert!(env.processes().is_empty());
    });
}

/// Installs the plugin `Report` as a file that comes before others, and that needs the plugin `Polite`.
fn install_needing_polite(env: &TestEnv) {
    env.install_itself(REPORT);
    let path = env.folder().join("tests.Report.pconf");
    let mut keys: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    keys["Needs"].as_array_mut().unwrap().push(json!({"name": "greeters.Polite"}));
    fs::remove_file(path).unwrap();
    env.put_pconf("a.pconf", &keys);
}

/// A registry that discovers by itself, and lets `Report` call `Polite`.
async fn watching(env: &TestEnv) -> Registry {
    let registry = env.registry().auto_discover(true).provide(Pool::default());
    let granting = registry.plugin("Report", "tests", |policy| policy.may_call("greeters.Polite"));
    granting.start().await.unwrap()
}

fn is_load_of_report(event: &Event) -> bool {
    matches!(event, Event::Loaded { plugin } if plugin.name() == "Report")
}

#[test]
fn a_plugin_is_loaded_once_the_plugin_that_it_needs_is_installed() {
    run_test(async |env| {
        install_needing_polite(env);
        let registry = watching(env).await;
        let mut events = registry.events();
        let rejected = read_until(&mut events, "the rejection", |event| {
            matches!(event, Event::Rejected { .. })
        });
        let Some(Event::Rejected { reason, .. }) = rejected.await.pop() else { panic!() };
        assert!(reason.contains("greeters.Polite"), "{reason}");
        assert!(!registry.is_loaded("Report", "tests"));
        env.install_itself(POLITE);
        read_until(&mut events, "the load", is_load_of_report).await;
        assert_eq!(registry.rejected(), []);
    });
}

#[test]
fn a_plugin_may_stand_before_the_plugin_that_it_needs() {
    run_test(async |env| {
        install_needing_polite(env);
        env.install_itself(POLITE);
        let registry = watching(env).await;
        let mut events = registry.events();
        let seen = read_until(&mut events, "the load", is_load_of_report).await;
        assert!(!seen.iter().any(|event| matches!(event, Event::Rejected { .. })), "{seen:?}");
    });
}

#[test]
fn a_need_that_only_the_answer_to_the_activation_names_is_met_or_ends_the_start() {
    run_test(async |env| {
        env.install::<Report>(REPORT);
        let registry = env.registry().provide(Pool::default()).start().await.unwrap();
        let report: ReportClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        assert_eq!(report.at_activation().await.unwrap(), None);
        assert_eq!(report.texts("pages").await.unwrap().len(), 3);
        registry.stop().await.unwrap();
        let registry = env.registry().start().await.unwrap();
        let error = registry.client::<ReportClient>().await.unwrap_err();
        assert!(matches!(error, Error::NotProvided { .. }), "{error:?}");
        until("the process has ended", || env.processes().is_empty()).await;
    });
}
