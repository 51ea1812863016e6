//! A plugin that lives is not called crashed, whatever happens to its connections.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use goplug::{Error, Plugin, Registry, State};
use goplug_runtime::transport::{Listener, Stream};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::task::{JoinHandle, JoinSet};

use crate::http::read_request;
use crate::test_env::{TestEnv, WAIT_TIMEOUT, run_test};

/// Calls at the same time: many more than a plugin serves connections and its socket queues.
const MANY: usize = 2200;

const ACTIVATED: &str = r#"{"name":"Fickle","methods":[{"name":"count"}]}"#;

/// A plugin in a task of this process. `serve` gets each of its connections.
pub(crate) struct InTask {
    plugin: Plugin,
    registry: Registry,
    accepting: JoinHandle<()>,
}

impl InTask {
    pub(crate) async fn load<F>(
        env: &TestEnv,
        serve: impl Fn(Stream) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let socket = env.socket("fickle.sock");
        let listener = Listener::bind(&socket).unwrap();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        let keys = json!({"Name": "Fickle", "Protocol": 2, "Sock": socket});
        env.put_pconf("Fickle.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Fickle", "").await.unwrap();
        Self { plugin, registry, accepting }
    }

    pub(crate) fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    pub(crate) async fn end(self) {
        self.registry.stop().await.unwrap();
        self.accepting.abort();
    }
}

/// Reads a request: its first line. `None` at the end.
pub(crate) async fn read_line(stream: &mut Stream) -> Option<String> {
    let (head, _) = read_request(stream, &mut Vec::new()).await?;
    head.lines().next().map(str::to_owned)
}

async fn respond(stream: &mut Stream, status: &str, body: &str) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nGoplug-Protocol: 2\r\nContent-Length: {length}\r\n\r\n");
    // The host may have given the connection up.
    let _ = stream.write_all((head + body).as_bytes()).await;
}

/// Answers an activation as a plugin with the method `count`, and every other request with this body.
pub(crate) async fn serve_methods(stream: &mut Stream, line: &str, body: &str) {
    let body = if line.contains("/Activate") { ACTIVATED } else { body };
    respond(stream, "200 OK", body).await;
}

/// The outcome of a future if it completes within this time, which may be shorter than what timers count in.
async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let end = Instant::now() + time;
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if Instant::now() >= end => Poll::Ready(None),
        Poll::Pending => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

#[test]
fn a_plugin_that_closes_idle_connections_at_any_moment_gets_every_call_once() {
    const CALLS: u64 = 1500;
    run_test(async |env| {
        let executed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&executed);
        let turn = Arc::new(AtomicU64::new(0));
        let in_task = InTask::load(env, move |mut stream| {
            let (count, turn) = (Arc::clone(&count), Arc::clone(&turn));
            async move {
                let mut next = read_line(&mut stream).await;
                while let Some(line) = next {
                    let is_call = !line.contains("/Activate");
                    let number = count.fetch_add(u64::from(is_call), Ordering::Relaxed);
                    serve_methods(&mut stream, &line, &number.to_string()).await;
                    // Connections are idle for about as long as the host pauses between calls.
                    let micros = 20 + turn.fetch_add(97, Ordering::Relaxed) % 400;
                    let idle = Duration::from_micros(micros);
                    match within(idle, read_line(&mut stream)).await {
                        Some(line) => next = line,
                        None => return stream.close_idle().await,
                    }
                }
            }
        })
        .await;
        let (mut made, began) = (0, Instant::now());
        // A slow machine makes fewer.
        while made < CALLS && began.elapsed() < WAIT_TIMEOUT {
            let answer = in_task.plugin.execute("count", "null").await.unwrap();
            assert_eq!(answer, made.to_string());
            tokio::time::sleep(Duration::from_micros(made * 37 % 300)).await;
            made += 1;
        }
        let blocking = goplug::blocking::Plugin::from(in_task.plugin.clone());
        let calling = tokio::task::spawn_blocking(move || {
            let (first, began) = (made, Instant::now());
            while made < first + CALLS && began.elapsed() < WAIT_TIMEOUT {
                assert_eq!(blocking.execute("count", "null").unwrap(), made.to_string());
                thread::sleep(Duration::from_micros(made * 37 % 300));
                made += 1;
            }
            made
        });
        let made = calling.await.unwrap();
        assert_eq!(executed.load(Ordering::Relaxed), made);
        in_task.end().await;
    });
}

#[test]
fn a_call_that_was_read_and_not_answered_is_not_made_again() {
    run_test(async |env| {
        let executed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&executed);
        let in_task = InTask::load(env, move |mut stream| {
            let count = Arc::clone(&count);
            async move {
                while let Some(line) = read_line(&mut stream).await {
                    if !line.contains("/Activate") {
                        count.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                    serve_methods(&mut stream, &line, "").await;
                }
            }
        })
        .await;
        let error = in_task.plugin.execute("count", "null").await.unwrap_err();
        assert!(matches!(error, Error::Io { .. }) && error.may_have_executed(), "{error:?}");
        assert_eq!(executed.load(Ordering::Relaxed), 1);
        assert_eq!(in_task.plugin.state(), State::Loaded);
        in_task.end().await;
    });
}

#[test]
fn an_error_without_a_problem_document_is_read_by_its_status_and_shown() {
    run_test(async |env| {
        let in_task = InTask::load(env, |mut stream| async move {
            while let Some(line) = read_line(&mut stream).await {
                let (status, body) = match line.split(['/', ' ']).nth(2) {
                    Some("Activate") => ("200 OK", ACTIVATED),
                    Some("busy") => ("503 Service Unavailable", "busy"),
                    Some("own") => ("422 Unprocessable Entity", r#"{"error":7}"#),
                    _ => ("500 Oh", "KeyError: \u{1b}[1m'a'"),
                };
                respond(&mut stream, status, body).await;
            }
        })
        .await;
        let mut errors = Vec::new();
        for method in ["busy", "own", "broken"] {
            errors.push(in_task.plugin.execute(method, "null").await.unwrap_err());
        }
        let [busy, own, broken] = &errors[..] else { unreachable!() };
        assert!(matches!(busy, Error::Unavailable { .. }) && !busy.may_have_executed(), "{busy:?}");
        let Error::Method(failure) = own else { panic!("{own:?}") };
        assert_eq!(failure.error.as_ref().unwrap().get(), "7");
        assert!(broken.to_string().ends_with("status 500: KeyError: \\u{1b}[1m'a'"), "{broken}");
        in_task.end().await;
    });
}

#[test]
fn more_calls_than_a_plugin_takes_at_once_are_all_answered() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let calculator = calculator.with_timeout(WAIT_TIMEOUT * 2);
        let mut calls = JoinSet::new();
        for number in 0..MANY {
            let calculator = calculator.clone();
            let (begun, dropped) = (env.path("begun"), env.path(&format!("dropped-{number}")));
            calls.spawn(async move { calculator.sleep(100, begun, dropped).await });
        }
        while let Some(answered) = calls.join_next().await {
            answered.unwrap().unwrap();
        }
        assert_eq!(calculator.plugin().state(), State::Loaded);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_call_that_gets_no_connection_by_its_deadline_was_not_begun() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().policy(|policy| policy.max_connections(1));
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let gate = crate::in_flight::GatedCall::start(env, &calculator).await;
        let hurried = calculator.clone().with_timeout(Duration::from_millis(30));
        let error = hurried.greeting().await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }) && !error.may_have_executed(), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("1 connections to it were in use"), "{text}");
        assert!(text.ends_with("the plugin has not begun the call"), "{text}");
        gate.finish().await.unwrap();
        registry.stop().await.unwrap();
    });
}
