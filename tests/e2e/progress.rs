//! What a method reports while it works.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goplug::testing::InProcess;
use goplug::{Bytes, CallContext, CallError, Error, PluginServer, Progress};
use serde::{Deserialize, Serialize};

use crate::curl;
use crate::http::{Connection, request_with};
use crate::served::Served;
use crate::test_env::{TestEnv, run_test, soon, until};

#[goplug::plugin(namespace = "work")]
#[derive(Default)]
struct Worker;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Step {
    name: String,
    done: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Failure {
    At(u64),
}

fn step(done: u64) -> Step {
    Step { name: format!("step \"{done}\"\n"), done }
}

#[goplug::method(Worker)]
async fn work(steps: u64, progress: Progress<Step>) -> u64 {
    for done in 1..=steps {
        progress.send(step(done)).await;
    }
    steps
}

/// Reports from its own thread.
#[goplug::method(Worker)]
fn work_in_thread(_: &Worker, progress: Progress<u64>, steps: u64, call: &CallContext) -> u64 {
    assert!(!call.is_cancelled());
    for done in 1..=steps {
        progress.blocking_send(done);
    }
    steps
}

#[goplug::method(Worker)]
async fn fail_at(step: u64, progress: Progress<u64>) -> Result<(), Failure> {
    for done in 1..step {
        progress.send(done).await;
    }
    Err(Failure::At(step))
}

/// Reports once, and makes the file when its future is dropped.
#[goplug::method(Worker)]
async fn hang(dropped: PathBuf, progress: Progress<()>) {
    struct Flag(PathBuf);
    impl Drop for Flag {
        fn drop(&mut self) {
            fs::write(&self.0, "").unwrap();
        }
    }
    let _flag = Flag(dropped);
    progress.send(()).await;
    std::future::pending::<()>().await;
}

#[goplug::method(Worker)]
async fn panic_after(steps: u64, progress: Progress<u64>) {
    for done in 1..=steps {
        progress.send(done).await;
    }
    panic!("after {steps} steps");
}

/// Answers whether somebody listens.
#[goplug::method(Worker)]
async fn is_heard(progress: Progress<BTreeMap<String, u8>>) -> bool {
    progress.is_heard()
}

#[goplug::plugin]
trait Painter {
    #[goplug::method]
    async fn paint(&self, walls: u8, progress: Progress<u8>) -> Result<u8, Failure>;
}

#[goplug::plugin(namespace = "work")]
#[derive(Default)]
struct Brush;

#[goplug::plugin(Brush)]
impl Painter for Brush {
    async fn paint(&self, walls: u8, progress: Progress<u8>) -> Result<u8, Failure> {
        for wall in 0..walls {
            progress.send(wall).await;
        }
        Ok(walls)
    }
}

#[derive(Default)]
struct Roller;

#[goplug::plugin(namespace = "work")]
impl Roller {
    #[goplug::method]
    fn paint(&self, progress: Progress<u8>, walls: u8) -> u8 {
        for wall in 0..walls {
            progress.blocking_send(wall);
        }
        walls
    }
}

async fn worker(env: &TestEnv) -> (Served, WorkerClient) {
    let served = Served::start::<Worker>(env).await;
    let client = served.registry.client().await.unwrap();
    (served, client)
}

#[test]
fn everything_that_is_reported_comes_in_order_and_before_the_result() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        for steps in [0, 1, 3, 10_000] {
            let mut heard = Vec::new();
            let done = worker.work(steps, |step| heard.push(step)).await.unwrap();
            assert_eq!(done, steps);
            assert_eq!(heard, (1..=steps).map(step).collect::<Vec<_>>());
            let mut heard = Vec::new();
            let done = worker.work_in_thread(|done| heard.push(done), steps).await.unwrap();
            assert_eq!(done, steps);
            assert!(heard.into_iter().eq(1..=steps));
        }
        served.stop().await;
    });
}

#[test]
fn a_blocking_client_hears_reports_too() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let plugin = worker.plugin().clone();
        tokio::task::spawn_blocking(move || {
            let worker: WorkerBlockingClient =
                goplug::blocking::Plugin::from(plugin).client().unwrap();
            for steps in [0, 1000] {
                let mut heard = Vec::new();
                assert_eq!(worker.work(steps, |step| heard.push(step.done)).unwrap(), steps);
                assert!(heard.into_iter().eq(1..=steps));
            }
            let mut heard = Vec::new();
            let error = worker.fail_at(3, |done| heard.push(done)).unwrap_err();
            assert!(matches!(error, CallError::Method(Failure::At(3))), "{error:?}");
            assert_eq!(heard, [1, 2]);
        })
        .await
        .unwrap();
        served.stop().await;
    });
}

#[test]
fn a_plugin_in_the_same_process_reports_too() {
    run_test(async |_| {
        let worker: WorkerClient<_> = InProcess::new(Worker).client().unwrap();
        for steps in [0, 1000] {
            let mut heard = Vec::new();
            assert_eq!(worker.work(steps, |step| heard.push(step.done)).await.unwrap(), steps);
            assert!(heard.into_iter().eq(1..=steps));
        }
        let mut heard = Vec::new();
        let error = worker.fail_at(3, |done| heard.push(done)).await.unwrap_err();
        assert!(matches!(error, CallError::Method(Failure::At(3))), "{error:?}");
        assert_eq!(heard, [1, 2]);
        let blocking: WorkerBlockingClient<_> = InProcess::new(Worker).client().unwrap();
        let mut heard = Vec::new();
        let work = move || {
            let done = blocking.work_in_thread(|done| heard.push(done), 3).unwrap();
            (done, heard)
        };
        assert_eq!(tokio::task::spawn_blocking(work).await.unwrap(), (3, vec![1, 2, 3]));
    });
}

#[test]
fn a_contract_and_an_impl_report_too() {
    run_test(async |env| {
        let served = Served::start::<Brush>(env).await;
        let brush = served.registry.load("Brush", "work").await.unwrap();
        let painter = brush.client::<PainterClient>().unwrap();
        let mut heard = Vec::new();
        assert_eq!(painter.paint(3, |wall| heard.push(wall)).await.unwrap(), 3);
        assert_eq!(heard, [0, 1, 2]);
        served.stop().await;

        let served = Served::start::<Roller>(env).await;
        let roller: RollerClient = served.registry.client().await.unwrap();
        let mut heard = Vec::new();
        assert_eq!(roller.paint(|wall| heard.push(wall), 3).await.unwrap(), 3);
        assert_eq!(heard, [0, 1, 2]);
        served.stop().await;
    });
}

#[test]
fn an_error_and_a_panic_come_after_the_reports() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        for step in [1, 4] {
            let mut heard = Vec::new();
            let error = worker.fail_at(step, |done| heard.push(done)).await.unwrap_err();
            assert!(matches!(error, CallError::Method(Failure::At(at)) if at == step), "{error:?}");
            assert!(heard.into_iter().eq(1..step));
        }
        let mut heard = Vec::new();
        let error = worker.panic_after(2, |done| heard.push(done)).await.unwrap_err();
        assert!(matches!(&error, Error::Panicked { detail, .. } if detail.contains("after 2")));
        assert_eq!(heard, [1, 2]);
        served.stop().await;
    });
}

#[test]
fn calls_that_run_side_by_side_hear_only_their_own_reports() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let calls = (1..=8_u64).map(|steps| {
            let worker = worker.clone();
            tokio::spawn(async move {
                let mut heard = Vec::new();
                worker.work(steps * 100, |step| heard.push(step.done)).await.unwrap();
                assert!(heard.into_iter().eq(1..=steps * 100));
            })
        });
        for call in calls.collect::<Vec<_>>() {
            soon("the end of the call", call).await.unwrap();
        }
        served.stop().await;
    });
}

#[test]
fn dropping_the_call_drops_the_method() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let (dropped, heard) = (env.path("dropped"), env.path("heard"));
        let (flag, file) = (dropped.clone(), heard.clone());
        let call =
            tokio::spawn(
                async move { worker.hang(flag, |()| fs::write(&file, "").unwrap()).await },
            );
        until("the report is there", || heard.exists()).await;
        call.abort();
        until("the method is dropped", || dropped.exists()).await;
        served.stop().await;
    });
}

#[test]
fn the_calls_timeout_covers_reports_and_result() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let worker = worker.with_timeout(Duration::from_millis(100));
        let dropped = env.path("dropped");
        // On a busy machine, the time may be over before the call has begun.
        while !dropped.exists() {
            let error = worker.hang(dropped.clone(), drop).await.unwrap_err();
            assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
        }
        served.stop().await;
    });
}

#[test]
fn a_caller_that_does_not_ask_for_reports_gets_the_plain_result() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let mut connection = Connection::open(&worker.plugin().socket().unwrap()).await;
        for accept in ["", "accept: */*\r\n", "accept: application/json\r\n"] {
            connection.send(request_with("/work", accept, "[500]")).await;
            assert_eq!(connection.response().await.unwrap().body, "500");
            connection.send(request_with("/is_heard", accept, "")).await;
            assert_eq!(connection.response().await.unwrap().body, "false");
        }
        let heard = worker.is_heard(drop).await.unwrap();
        assert!(heard);
        assert_eq!(worker.plugin().execute("work", "[3]").await.unwrap(), "3");
        served.stop().await;
    });
}

#[test]
fn reports_are_events_before_the_result() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let events = async |method: &str, arguments: &str| {
            let options = ["-N", "-H", "Accept: text/event-stream", "-d", arguments];
            curl::call(worker.plugin(), method, &options).await.map(|printed| printed.text)
        };
        let failed = events("fail_at", "[2]").await;
        let worked = events("work_in_thread", "{\"steps\":2}").await;
        served.stop().await;
        let (Some(failed), Some(worked)) = (failed, worked) else { return };
        let rest = failed.strip_prefix("event: progress\ndata: 1\n\nevent: error\ndata: ").unwrap();
        assert!(rest.ends_with("\n\n") && rest.contains(r#""error":{"At":2}"#), "{rest}");
        let expected = "event: progress\ndata: 1\n\nevent: progress\ndata: 2\n\n\
                        event: result\ndata: 2\n\n";
        assert_eq!(worked, expected);
    });
}

#[test]
fn a_plugin_that_reports_nothing_answers_a_client_that_listens() {
    run_test(async |env| {
        let accepts = Arc::new(Mutex::new(0));
        let counted = accepts.clone();
        let server = PluginServer::builder("Old")
            .location(env.folder())
            .method("paint", move |body: Bytes| {
                *counted.lock().unwrap() += 1;
                async move {
                    assert_eq!(body, r#"{"walls":3}"#);
                    anyhow::Ok(Bytes::from_static(b"3"))
                }
            })
            .build()
            .unwrap();
        server.start().await.unwrap();
        let registry = env.registry().start().await.unwrap();
        let old = registry.load("Old", "").await.unwrap();
        let painter = old.client::<PainterClient>().unwrap();
        let mut heard = 0;
        assert_eq!(painter.paint(3, |_| heard += 1).await.unwrap(), 3);
        assert_eq!((heard, *accepts.lock().unwrap()), (0, 1));
        registry.stop().await.unwrap();
        server.stop().await.unwrap();
    });
}

#[test]
fn the_descriptor_says_what_a_method_reports() {
    run_test(async |env| {
        let (served, worker) = worker(env).await;
        let descriptor = worker.plugin().descriptor().unwrap();
        let progress = |name: &str| {
            let method = descriptor.methods.iter().find(|method| method.name == name).unwrap();
            method.progress.as_ref().map(|progress| progress.spelling.clone())
        };
        assert_eq!(progress("work").as_deref(), Some("Step"));
        assert_eq!(progress("work_in_thread").as_deref(), Some("u64"));
        served.stop().await;
    });
}
