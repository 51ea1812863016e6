//! What a host offers its plugins.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goplug::{
    Bytes, CallContext, CallError, Error, Plugin, Registry, RegistryBuilder, Restart, Traceparent,
};
use goplug_tests::fixtures::calculator::DivideError;
use goplug_tests::fixtures::greeter::GreetError;
use goplug_tests::fixtures::report::{
    Database, QueryError, ReportBlockingClient, ReportClient, Row,
};
use serde_json::{Value, json};

use crate::test_env::{
    CALCULATOR, POLITE, REPORT, TestEnv, has_python, run_test, until, until_asked,
};

/// What a test sees of the host's values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    registry: Arc<Mutex<Option<Registry>>>,
    /// How many slow calls are running, and were at the most.
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    kept: Arc<Mutex<Bytes>>,
}

/// What the host of the plugin `Report` offers.
#[derive(Default)]
pub(crate) struct Pool(Seen);

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
    async fn trace(&self, call: &CallContext) -> Option<String> {
        call.traceparent().map(|parent| parent.to_string())
    }

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

/// The plugin in a registry that provides a database.
pub(crate) async fn report(env: &TestEnv) -> (Seen, Registry, ReportClient) {
    report_with(env, |registry| registry).await
}

/// As [`report`], in a registry that is changed before it starts.
pub(crate) async fn report_with(
    env: &TestEnv,
    change: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
) -> (Seen, Registry, ReportClient) {
    env.install_itself(REPORT);
    let seen = Seen::default();
    let registry = change(env.registry().provide(Pool(seen.clone()))).start().await.unwrap();
    let report = registry.client().await.unwrap();
    env.note_socket(&registry);
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
        until_asked("the restart", async || report.at_activation().await.ok().flatten() == Some(3))
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
fn a_call_is_of_the_trace_that_it_is_made_in_or_of_its_own() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        assert_eq!(report.trace(None).await.unwrap(), None);
        let [outer, own] = [(1, 2), (3, 4)]
            .map(|(trace, parent)| Traceparent::new(trace, parent, true).unwrap().to_string());
        let traced = report.with_traceparent(Traceparent::new(1, 2, true).unwrap());
        assert_eq!(traced.trace(None).await.unwrap(), Some(outer));
        assert_eq!(traced.trace(Some((3, 4))).await.unwrap(), Some(own));
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
fn a_stream_of_another_plugin_is_refused_when_it_is_asked_for() {
    run_test(async |env| {
        env.install_itself(CALCULATOR);
        let (_seen, _registry, report) = report_with(env, |registry| {
            registry.plugin("Report", "tests", |policy| policy.may_call("math.Calculator"))
        })
        .await;
        let error = report.streamed().await.unwrap();
        assert!(error.contains("Calculator/") && error.contains("no streams"), "{error}");
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
fn a_plugin_calls_another_one_that_its_policy_names() {
    run_test(async |env| {
        env.install_itself(POLITE);
        env.install_itself(CALCULATOR);
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
        env.install_itself(POLITE);
        env.install_itself(CALCULATOR);
        let (_seen, registry, report) = report(env).await;
        registry.load("Polite", "greeters").await.unwrap();
        for error in [report.greeting("Ada").await.err(), report.divide(7, 2).await.map(drop).err()]
        {
            let Some(CallError::Method(error)) = error else { panic!("{error:?}") };
            assert!(error.contains("may_call"), "{error}");
        }
    });
}

#[test]
fn calls_in_a_circle_end_with_an_error_that_shows_them() {
    run_test(async |env| {
        let (seen, registry, report) = report(env).await;
        *seen.registry.lock().unwrap() = Some(registry);
        let error = report.nested(1_000_000).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("too deep"), "{error}");
        let circle = "tests.Report/nested > Database/ask_back > ";
        assert!(error.contains(&circle.repeat(10)), "{error}");
        *seen.registry.lock().unwrap() = None;
    });
}

#[test]
fn a_deadline_within_a_call_comes_before_that_of_the_call_and_names_both() {
    run_test(async |env| {
        let (_seen, _registry, report) = report(env).await;
        let report = report.with_timeout(Duration::from_millis(500));
        let error = report.late(600_000).await.unwrap();
        assert!(error.contains("tests.Report/late > Database/slow was not answered"), "{error}");
    });
}

#[test]
fn with_several_hosts_a_call_goes_to_the_one_that_it_came_from() {
    run_test(async |env| {
        let folder = env.folder();
        let mut started = env.command(REPORT);
        started.arg("--dir").arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = started.spawn().unwrap();
        until("its file is there", || folder.join("tests.Report.pconf").exists()).await;
        let mut hosts = Vec::new();
        for _ in 0..2 {
            let seen = Seen::default();
            let registry = env.registry().provide(Pool(seen.clone())).start().await.unwrap();
            let report: ReportClient = registry.client().await.unwrap();
            hosts.push((seen, registry, report));
        }
        for (index, (_, _, report)) in hosts.iter().enumerate() {
            let bytes = Bytes::from(vec![7; index + 1]);
            assert_eq!(report.keep("", bytes).await.unwrap().0, index as u64 + 1);
        }
        for (index, (seen, registry, _)) in hosts.iter().enumerate() {
            assert_eq!(seen.kept.lock().unwrap().len(), index + 1);
            registry.stop().await.unwrap();
        }
        process.kill().unwrap();
        process.wait().unwrap();
    });
}

/// The plugin in Python whose methods ask a pool.
pub(crate) async fn python_report(env: &TestEnv) -> (Registry, Plugin) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/python/report.py");
    env.install_itself(script);
    let builder = env.registry().provide(Pool::default()).trust_writable(true);
    let registry = builder.start().await.unwrap();
    let plugin = registry.load("PythonReport", "tests").await.unwrap();
    env.note_socket(&registry);
    (registry, plugin)
}

#[test]
fn a_plugin_in_python_calls_a_service() {
    run_test(async |env| {
        if !has_python() {
            return;
        }
        let (_registry, plugin) = python_report(env).await;
        let texts = plugin.execute("texts", r#"["pages"]"#).await.unwrap();
        assert_eq!(texts, r#"["page 1", "page 2", "page 3"]"#);
        let error = plugin.execute("texts", r#"["none"]"#).await.unwrap_err();
        let Error::Method(failure) = &error else { panic!("{error:?}") };
        let value: Value = serde_json::from_str(failure.error.as_ref().unwrap().get()).unwrap();
        assert_eq!(value, json!({"NoTable": "none"}));
        assert_eq!(plugin.execute("reversed", "abc").await.unwrap(), "cba");
        for (bytes, expected) in [("[1,2,255]", "[5, []]"), ("[]", "[0, [1, 2, 255]]")] {
            let arguments = format!("{{\"name\":\"ab\",\"bytes\":{bytes}}}");
            let arguments = if bytes == "[]" { arguments.replace("ab", "") } else { arguments };
            assert_eq!(plugin.execute("keep", arguments).await.unwrap(), expected);
        }
        let without = env.registry().trust_writable(true).start().await.unwrap();
        let error = without.load("PythonReport", "tests").await.unwrap_err();
        assert!(matches!(error, Error::NotProvided { .. }), "{error:?}");
    });
}

#[test]
fn blocking_registries_provide_services_too() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let builder = env.registry().provide(Pool::default());
        let texts = tokio::task::spawn_blocking(move || {
            let registry = builder.start_blocking().unwrap();
            let report: ReportBlockingClient = registry.client().unwrap();
            let texts = report.texts("pages").unwrap();
            registry.stop().unwrap();
            texts
        });
        assert_eq!(texts.await.unwrap().len(), 3);
    });
}
