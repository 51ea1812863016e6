//! What a method learns of its call: the time that its caller has, whether the caller is still there,
//! and the trace that the call is a part of.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use goplug::{CallContext, Error, Incoming, Traceparent};

use crate::http::{Connection, request_with};
use crate::incoming::Iter;
use crate::served::Served;
use crate::test_env::{TestEnv, run_test, soon, until};

const HOUR: Duration = Duration::from_secs(3600);

/// A plugin that notes in files what it learns.
#[goplug::plugin(namespace = "calls")]
#[derive(Default)]
struct Watcher;

/// What is left, in milliseconds.
fn left(call: &CallContext) -> Option<u64> {
    let left = call.remaining().map(|left| u64::try_from(left.as_millis()).unwrap());
    assert_eq!(left.is_some(), call.deadline().is_some());
    left
}

/// Waits until the call is cancelled, and makes the second file then.
fn note_end(call: &CallContext, begun: &Path, ended: &Path) {
    fs::write(begun, "").unwrap();
    while !call.is_cancelled() {
        std::thread::sleep(Duration::from_millis(2));
    }
    fs::write(ended, "").unwrap();
}

#[goplug::method(Watcher)]
fn left_of_sync(call: &CallContext) -> Option<u64> {
    left(call)
}

#[goplug::method(Watcher)]
async fn left_of_async(_: &Watcher, first: String, call: CallContext, last: &str) -> Option<u64> {
    assert_eq!((first.as_str(), last), ("first", "last"));
    tokio::task::yield_now().await;
    left(&call)
}

#[goplug::method(Watcher, blocking)]
fn left_of_blocking(call: &goplug::CallContext) -> Option<u64> {
    let current = CallContext::current().unwrap();
    assert_eq!(current.deadline(), call.deadline());
    left(call)
}

#[goplug::method(Watcher, blocking)]
fn block(begun: PathBuf, ended: PathBuf, call: &CallContext) {
    note_end(call, &begun, &ended);
}

/// Has no parameter for the context.
#[goplug::method(Watcher, blocking)]
fn block_without_asking(begun: PathBuf, ended: PathBuf) {
    note_end(&CallContext::current().unwrap(), &begun, &ended);
}

#[goplug::method(Watcher)]
fn spin(begun: PathBuf, ended: PathBuf, call: &CallContext) {
    note_end(call, &begun, &ended);
}

/// Leaves a task behind.
#[goplug::method(Watcher)]
async fn spawn(begun: PathBuf, ended: PathBuf, answers: bool, call: CallContext) {
    tokio::spawn(async move {
        fs::write(&begun, "").unwrap();
        call.cancelled().await;
        fs::write(&ended, "").unwrap();
    });
    if !answers {
        std::future::pending::<()>().await;
    }
}

#[goplug::method(Watcher)]
fn trace(call: &CallContext) -> Option<String> {
    call.traceparent().map(|parent| parent.to_string())
}

/// As [`trace`], of a call that sends a stream.
#[goplug::method(Watcher)]
async fn trace_of_stream(call: &CallContext, mut numbers: Incoming<u32>) -> Option<String> {
    while let Some(number) = numbers.next().await {
        number.ok()?;
    }
    call.traceparent().map(|parent| parent.to_string())
}

/// Never answered in time.
#[goplug::callback(Watcher)]
async fn wait_for_me(number: u32) -> goplug::Result<u32>;

/// Asks the host, in a thread that nobody drops, and notes what came of it.
#[goplug::method(Watcher)]
async fn ask(noted: PathBuf) {
    let runtime = tokio::runtime::Handle::current();
    ask_blocking(runtime, noted).await;
}

async fn ask_blocking(runtime: tokio::runtime::Handle, noted: PathBuf) {
    let ask = move || {
        let error = runtime.block_on(wait_for_me(7)).unwrap_err();
        let whole = noted.with_extension("whole");
        fs::write(&whole, error.to_string()).unwrap();
        fs::rename(whole, noted).unwrap();
    };
    goplug::__private::blocking(ask).await.unwrap();
}

/// The clients by which the plugin calls itself, as a plugin does that is a host too.
static CLIENTS: Mutex<Vec<(PathBuf, WatcherClient)>> = Mutex::new(Vec::new());

fn itself(of: &Path) -> WatcherClient {
    let clients = CLIENTS.lock().unwrap();
    clients.iter().find(|(test, _)| test == of).unwrap().1.clone()
}

#[goplug::method(Watcher)]
async fn left_of_inner(of: PathBuf) -> goplug::Result<Option<u64>> {
    itself(&of).left_of_async("first".into(), "last").await
}

#[goplug::method(Watcher)]
async fn trace_of_inner(of: PathBuf) -> goplug::Result<Option<String>> {
    itself(&of).trace().await
}

#[goplug::plugin]
trait Patient {
    #[goplug::method]
    async fn patience(&self, call: &CallContext) -> Option<u64>;

    #[goplug::method]
    fn patience_of_two(&self, call: CallContext, other: u64) -> Option<u64> {
        left(&call).map(|left| left + other)
    }
}

#[goplug::plugin(namespace = "calls")]
#[derive(Default)]
struct Doctor;

#[goplug::plugin(Doctor)]
impl Patient for Doctor {
    async fn patience(&self, call: &CallContext) -> Option<u64> {
        left(call)
    }
}

#[derive(Default)]
struct Nurse;

#[goplug::plugin(namespace = "calls")]
impl Nurse {
    #[goplug::method]
    async fn patience(&self, call: &CallContext, plus: u64) -> Option<u64> {
        left(call).map(|left| left + plus)
    }
}

async fn watcher(env: &TestEnv) -> (Served, WatcherClient) {
    let served = Served::start::<Watcher>(env).await;
    let client = served.registry.client().await.unwrap();
    (served, client)
}

fn is_below_an_hour(left: Option<u64>) -> bool {
    left.is_some_and(|left| left > 0 && u128::from(left) <= HOUR.as_millis())
}

#[test]
fn a_method_learns_how_long_its_caller_waits() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let watcher = watcher.with_timeout(HOUR);
        for left in [
            watcher.left_of_sync().await.unwrap(),
            watcher.left_of_async("first".into(), "last").await.unwrap(),
            watcher.left_of_blocking().await.unwrap(),
        ] {
            assert!(is_below_an_hour(left), "{left:?}");
        }
        served.stop().await;
    });
}

#[test]
fn a_caller_that_has_not_said_how_long_it_waits_sets_no_deadline() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let mut connection = Connection::open(&watcher.plugin().socket().unwrap()).await;
        for method in ["left_of_sync", "left_of_blocking"] {
            assert_eq!(connection.post(&format!("/{method}"), "").await.body, "null", "{method}");
        }
        served.stop().await;
    });
}

#[test]
fn a_contract_and_an_impl_have_the_context_too() {
    run_test(async |env| {
        let served = Served::start::<Doctor>(env).await;
        let doctor = served.registry.load("Doctor", "calls").await.unwrap();
        let patient = doctor.client::<PatientClient>().unwrap().with_timeout(HOUR);
        assert!(is_below_an_hour(patient.patience().await.unwrap()));
        assert!(
            patient.patience_of_two(u64::from(u32::MAX)).await.unwrap() > Some(u64::from(u32::MAX))
        );
        served.stop().await;

        let served = Served::start::<Nurse>(env).await;
        let nurse: NurseClient = served.registry.client().await.unwrap();
        assert!(is_below_an_hour(nurse.with_timeout(HOUR).patience(0).await.unwrap()));
        served.stop().await;
    });
}

#[test]
fn the_context_is_no_argument() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let descriptor = watcher.plugin().descriptor().unwrap();
        let method = descriptor.methods.iter().find(|method| method.name == "left_of_async");
        let params = &method.unwrap().params;
        assert_eq!(params.iter().map(|param| &*param.name).collect::<Vec<_>>(), ["first", "last"]);
        served.stop().await;
    });
}

#[test]
fn a_caller_that_hangs_up_is_noticed_where_a_call_cannot_be_dropped() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        for method in ["block", "block_without_asking", "spawn"] {
            let (begun, ended) = (env.path("begun"), env.path("ended"));
            let (caller, flag, end) = (watcher.clone(), begun.clone(), ended.clone());
            let call = tokio::spawn(async move {
                match method {
                    "block" => caller.block(flag, end).await,
                    "spawn" => caller.spawn(flag, end, false).await,
                    _ => caller.block_without_asking(flag, end).await,
                }
            });
            until("the call has begun", || begun.exists()).await;
            assert!(!ended.exists());
            call.abort();
            until("the call is cancelled", || ended.exists()).await;
            fs::remove_file(begun).unwrap();
            fs::remove_file(ended).unwrap();
        }
        served.stop().await;
    });
}

#[test]
fn a_call_whose_time_is_over_is_cancelled() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let watcher = watcher.with_timeout(Duration::from_millis(50));
        for (index, method) in ["block", "spin", "spawn"].into_iter().enumerate() {
            let (begun, ended) = (env.path(&format!("b{index}")), env.path(&format!("e{index}")));
            // On a busy machine, the time may be over before the call has begun.
            while !begun.exists() {
                let (begun, ended) = (begun.clone(), ended.clone());
                let called = match method {
                    "block" => watcher.block(begun, ended).await,
                    "spin" => watcher.spin(begun, ended).await,
                    _ => watcher.spawn(begun, ended, false).await,
                };
                // A method that ends at once may still be in time.
                assert!(matches!(called, Ok(()) | Err(Error::Deadline { .. })), "{called:?}");
            }
            until("the call is cancelled", || ended.exists()).await;
        }
        served.stop().await;
    });
}

#[test]
fn a_call_that_has_been_answered_is_over_for_the_tasks_that_it_has_left_behind() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let (begun, ended) = (env.path("begun"), env.path("ended"));
        watcher.spawn(begun, ended.clone(), true).await.unwrap();
        until("the call is over", || ended.exists()).await;
        served.stop().await;
    });
}

#[test]
fn a_method_learns_the_trace_of_its_call() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let mut connection = Connection::open(&watcher.plugin().socket().unwrap()).await;
        let traced = |value: &str| request_with("/trace", &format!("traceparent: {value}\r\n"), "");
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-b9c7c989f97918e1-00";
        for (sent, expected) in [
            (parent, format!("{parent:?}")),
            (parent, format!("{parent:?}")),
            (other, format!("{other:?}")),
            ("nonsense", "null".into()),
        ] {
            connection.send(traced(sent)).await;
            assert_eq!(soon("the answer", connection.response()).await.unwrap().body, expected);
        }
        served.stop().await;
    });
}

#[test]
fn a_callback_waits_no_longer_than_the_call_that_it_is_made_in() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let handler = |_| std::future::pending::<u32>();
        let _subscription = watcher.on_wait_for_me(handler).await.unwrap();
        let noted = env.path("noted");
        let watcher = watcher.with_timeout(Duration::from_millis(200));
        // On a busy machine, the time may be over before the call has begun.
        while !noted.exists() {
            let called = watcher.ask(noted.clone()).await;
            assert!(matches!(called, Ok(()) | Err(Error::Deadline { .. })), "{called:?}");
        }
        let text = fs::read_to_string(&noted).unwrap();
        assert!(text.contains("callback \"wait_for_me\"") && !text.contains("30s"), "{text}");
        served.stop().await;
    });
}

#[test]
fn a_call_within_a_call_has_at_most_its_time_and_is_of_its_trace() {
    run_test(async |env| {
        let (served, watcher) = watcher(env).await;
        let of = env.folder();
        CLIENTS.lock().unwrap().push((of.clone(), watcher.clone().with_timeout(2 * HOUR)));
        let left = watcher.clone().with_timeout(HOUR).left_of_inner(of.clone()).await.unwrap();
        assert!(is_below_an_hour(left), "{left:?}");
        let parent = Traceparent::new(7, 8, true).unwrap();
        let traced = watcher.with_traceparent(parent);
        assert_eq!(traced.trace().await.unwrap(), Some(parent.to_string()));
        let of_stream = traced.trace_of_stream(Iter(0..3)).await.unwrap();
        assert_eq!(of_stream, Some(parent.to_string()));
        assert_eq!(traced.trace_of_inner(of.clone()).await.unwrap(), Some(parent.to_string()));
        CLIENTS.lock().unwrap().retain(|(test, _)| *test != of);
        served.stop().await;
    });
}
