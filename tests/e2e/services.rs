//! What a host offers its plugins.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goplug::{Bytes, CallError, Error, Registry, RegistryBuilder, Restart};
use goplug_tests::fixtures::calculator::DivideError;
use goplug_tests::fixtures::greeter::GreetError;
use goplug_tests::fixtures::report::{Cache, Database, QueryError, ReportClient, Row};

use crate::test_env::{CALCULATOR, POLITE, REPORT, TestEnv, run_test, soon, until};

/// What a test sees of the host's values.
#[derive(Clone, Debug, Default)]
struct Seen {
    registry: Arc<Mutex<Option<Registry>>>,
    /// How many slow calls are running, and were at the most.
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    kept: Arc<Mutex<Bytes>>,
}

#[derive(Default)]
struct Pool(Seen);

/// Counts a call for as long as it lives.
struct Running<'a>(&'a Seen);

impl<'a> Running<'a> {
    fn new(seen: &'a Seen) -> Self {
        let running = seen.running.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(running, Ordering::SeqCst);
        Self(seen)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[goplug::plugin(namespace = "tests")]
impl Database for Pool {
    async fn query(&self, table: &str) -> Result<Vec<Row>, QueryError> {
        match table {
            "pages" => {
                Ok((1..=3).map(|number| Row { number, text: format!("page {number}") }).collect())
            }
            other => Err(QueryError::NoTable(other.into())),
        }
    }

    async fn slow(&self, millis: u64) -> u64 {
        let _running = Running::new(&self.0);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        millis
    }

    async fn reversed(&self, bytes: Bytes) -> Bytes {
        bytes.iter().rev().copied().collect()
    }

    async fn keep(&self, name: &str, bytes: Bytes) -> (u64, Bytes) {
        let mut kept = self.0.kept.lock().unwrap();
        ((name.len() + bytes.len()) as u64, std::mem::replace(&mut *kept, bytes))
    }

    async fn broken(&self) {
        panic!("the table is broken");
    }

    async fn ask_back(&self, depth: u32) -> anyhow::Result<u32> {
        let registry = self.0.registry.lock().unwrap().clone().expect("a registry");
        let report: ReportClient = registry.client().await?;
        Ok(report.nested(depth).await?)
    }
}

#[derive(Default)]
struct Memory;

#[goplug::plugin(namespace = "tests")]
impl Cache for Memory {
    async fn get(&self, key: &str) -> Option<String> {
        (key == "known").then(|| "kept".into())
    }
}

/// Has the plugin's program install itself, which writes what it needs into its file.
fn install(env: &TestEnv) {
    install_program(env, REPORT);
}

/// The plugin in a registry that provides a database.
async fn report(env: &TestEnv) -> (Seen, Registry, ReportClient) {
    report_with(env, |registry| registry).await
}

/// As [`report`], in a registry that is changed before it starts.
async fn report_with(
    env: &TestEnv,
    change: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
) -> (Seen, Registry, ReportClient) {
    install(env);
    let seen = Seen::default();
    let registry = change(env.registry().provide(Pool(seen.clone()))).start().await.unwrap();
    let report = registry.client().await.unwrap();
    env.note_runtime_folder(&registry);
    (seen, registry, report)
}

#[test]
fn a_plugin_calls_a_contract_that_its_host_fulfils() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let pages = ["page 1", "page 2", "page 3"];
        assert_eq!(report.texts("pages").await.unwrap(), pages);
        let error = report.texts("none").await.unwrap_err();
        assert!(
            matches!(&error, CallError::Method(QueryError::NoTable(table)) if table == "none"),
            "{error:?}"
        );
        assert_eq!(report.texts_blocking("pages").await.unwrap(), pages);
        assert!(report.texts_blocking("none").await.is_err());
    });
}

#[test]
fn services_are_in_place_before_the_activation() {
    run_test(async |env| {
        let restart = Restart::permanent();
        let (_seen, registry, report) = report_with(env, |it| it.restart(restart)).await;
        assert_eq!(report.at_activation().await.unwrap(), Some(3));
        let first = report.process().await.unwrap();
        registry.reload("Report", "tests").await.unwrap();
        assert_ne!(report.process().await.unwrap(), first);
        assert_eq!(report.at_activation().await.unwrap(), Some(3));
        let second = report.process().await.unwrap();
        crate::test_env::kill(second);
        until("the plugin is gone", || !crate::test_env::exists(second)).await;
        soon("the restart", async {
            while report.at_activation().await.ok().flatten() != Some(3) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    });
}

#[test]
fn calls_of_services_run_side_by_side_within_a_bound() {
    run_test(async |env| {
        let (seen, _registry, report) = report(env).await;
        assert_eq!(report.side_by_side(20, 50).await.unwrap(), 20 * 50);
        assert!(seen.most.load(Ordering::SeqCst) > 10, "{seen:?}");
        assert_eq!(report.side_by_side(200, 5).await.unwrap(), 200 * 5);
        let most = seen.most.load(Ordering::SeqCst);
        assert!(most <= goplug::limits::SERVICE_CALLS, "{most}");
    });
}

#[test]
fn a_call_that_is_dropped_ends_in_the_host() {
    run_test(async |env| {
        let (seen, _registry, report) = report(env).await;
        assert!(report.give_up(20).await.unwrap());
        until("the call has ended", || seen.running.load(Ordering::SeqCst) == 0).await;
        assert_eq!(seen.most.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_call_has_its_deadline() {
    run_test(async |env| {
        let (seen, _registry, report) = report(env).await;
        let error = report.late(30).await.unwrap();
        assert!(
            error.contains("Database/slow") && error.contains("not answered within 30"),
            "{error}"
        );
        until("the call has ended", || seen.running.load(Ordering::SeqCst) == 0).await;
    });
}

#[test]
fn a_service_that_panics_answers_with_an_error_and_goes_on() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let error = report.broken().await.unwrap();
        assert!(error.contains("the table is broken"), "{error}");
        assert_eq!(report.texts("pages").await.unwrap().len(), 3);
    });
}

#[test]
fn bytes_travel_alone_and_beside_others() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let bytes: Bytes = (0..=255).chain(0..=255).collect();
        let reversed: Bytes = bytes.iter().rev().copied().collect();
        assert_eq!(report.reversed(bytes.clone()).await.unwrap(), reversed);
        assert_eq!(report.keep("ab", bytes.clone()).await.unwrap(), (514, Bytes::new()));
        assert_eq!(report.keep("", Bytes::new()).await.unwrap(), (0, bytes));
    });
}

#[test]
fn a_service_may_call_the_plugin_that_calls_it() {
    run_test(async |env| {
        let (seen, registry, report) = report(env).await;
        *seen.registry.lock().unwrap() = Some(registry);
        assert_eq!(report.nested(5).await.unwrap(), 5);
        // The value would keep its own registry.
        *seen.registry.lock().unwrap() = None;
    });
}

#[test]
fn a_blocking_call_on_the_plugins_own_runtime_is_an_error() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let error = report.blocks().await.unwrap();
        assert!(error.contains("#[goplug::method(blocking)]"), "{error}");
    });
}

#[test]
fn a_service_that_is_wanted_may_be_missing_until_it_is_used() {
    run_test(async |env| {
        let (_seen, registry, report) = report(env).await;
        let error = report.cached("known").await.unwrap_err();
        let CallError::Method(error) = error else { panic!("{error:?}") };
        assert!(error.contains("\"Cache\"") && error.contains("provide"), "{error}");
        registry.stop().await;
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
        install(env);
        let registry = env.registry().start().await.unwrap();
        let error = registry.client::<ReportClient>().await.unwrap_err();
        let Error::NotProvided { id, service, .. } = &error else { panic!("{error:?}") };
        assert_eq!((id.to_string(), service.as_str()), ("tests.Report".into(), "Database"));
        assert!(error.to_string().contains(".provide("), "{error}");
        assert!(env.processes().is_empty());
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

/// Has the plugin of a program install itself.
fn install_program(env: &TestEnv, program: &str) {
    let installed = Command::new(program).arg("install").arg(env.folder()).output().unwrap();
    assert!(installed.status.success(), "{installed:?}");
}

#[test]
fn a_plugin_calls_another_one_that_its_policy_names() {
    run_test(async |env| {
        install_program(env, POLITE);
        install_program(env, CALCULATOR);
        let (_seen, registry, report) = report_with(env, |registry| {
            registry.plugin("Report", "tests", |policy| {
                policy.may_call("greeters.Polite").may_call("math.Calculator")
            })
        })
        .await;
        assert!(!registry.is_loaded("Polite", "greeters"));
        registry.load("Polite", "greeters").await.unwrap();
        registry.load("Calculator", "math").await.unwrap();
        let greeting = report.greeting("Ada").await.unwrap();
        assert_eq!(greeting.unwrap(), "Good day, Ada.");
        assert_eq!(report.greeting("").await.unwrap(), Err(GreetError::Nobody));
        assert_eq!(report.divide(7, 2).await.unwrap(), Ok(3));
        assert_eq!(report.divide(7, 0).await.unwrap(), Err(DivideError::ByZero { dividend: 7 }));
    });
}

#[test]
fn without_a_grant_no_plugin_reaches_another() {
    run_test(async |env| {
        install_program(env, POLITE);
        install_program(env, CALCULATOR);
        let (_seen, registry, report) = report(env).await;
        registry.load("Polite", "greeters").await.unwrap();
        for error in [report.greeting("Ada").await.err(), report.divide(7, 2).await.map(drop).err()]
        {
            let Some(CallError::Method(error)) = error else { panic!("{error:?}") };
            assert!(error.contains("may_call"), "{error}");
        }
    });
}
