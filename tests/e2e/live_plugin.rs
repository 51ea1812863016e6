//! A plugin that lives is not called crashed, whatever happens to its connections.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use goplug::{Error, Event, Plugin, Registry, Restart, State};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::task::JoinSet;

use crate::http::first_message;
use crate::test_env::{Kind, TestEnv, WAIT_TIMEOUT, is, read_until, run_test};

/// Calls at the same time: many more than a plugin serves connections and its socket queues.
const MANY: usize = 2200;

const ACTIVATED: &str = r#"{"name":"Fickle","methods":[{"name":"count"}]}"#;

/// A plugin in this process. `serve` gets each of its connections.
pub(crate) struct InThread {
    plugin: Plugin,
    registry: Registry,
    listener: UnixListener,
}

impl InThread {
    pub(crate) async fn load(
        env: &TestEnv,
        serve: impl Fn(UnixStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = UnixListener::bind(env.path("fickle.sock")).unwrap();
        let (accepting, serve) = (listener.try_clone().unwrap(), Arc::new(serve));
        thread::spawn(move || {
            for stream in accepting.incoming().map_while(Result::ok) {
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        let keys = json!({"Name": "Fickle", "Protocol": 2, "Sock": env.path("fickle.sock")});
        env.put_pconf("Fickle.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Fickle", "").await.unwrap();
        Self { plugin, registry, listener }
    }

    pub(crate) fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    pub(crate) async fn end(self) {
        self.registry.stop().await;
        rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both).unwrap();
    }
}

/// Reads a request with a short body: its first line. `None` at the end, or if none begins within the
/// read timeout of the stream.
pub(crate) fn read_request(stream: &mut UnixStream) -> Option<String> {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&piece[..count]);
        if let Some((head, _)) = first_message(&read) {
            return head.lines().next().map(str::to_owned);
        }
    }
}

fn respond(stream: &mut UnixStream, status: &str, body: &str) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nGoplug-Protocol: 2\r\nContent-Length: {length}\r\n\r\n");
    // The host may have given the connection up.
    let _ = stream.write_all((head + body).as_bytes());
}

/// Answers an activation, and everything else with `answer`, which gets the method.
fn serve(stream: &mut UnixStream, line: &str, answer: impl Fn(&mut UnixStream)) {
    match line {
        line if line.contains("/Activate") => respond(stream, "200 OK", ACTIVATED),
        _ => answer(stream),
    }
}

/// Answers an activation, and every other request with this body.
pub(crate) fn serve_methods(stream: &mut UnixStream, line: &str, body: &str) {
    serve(stream, line, |stream| respond(stream, "200 OK", body));
}

#[test]
fn a_plugin_that_closes_idle_connections_at_any_moment_gets_every_call_once() {
    const CALLS: u64 = 1500;
    run_test(async |env| {
        let executed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&executed);
        let turn = AtomicU64::new(0);
        let in_thread = InThread::load(env, move |mut stream| {
            loop {
                // Connections are idle for about as long as the host pauses between calls.
                let micros = 20 + turn.fetch_add(97, Ordering::Relaxed) % 400;
                stream.set_read_timeout(Some(Duration::from_micros(micros))).unwrap();
                let Some(line) = read_request(&mut stream) else { return };
                serve(&mut stream, &line, |stream| {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    respond(stream, "200 OK", &number.to_string());
                });
            }
        })
        .await;
        for call in 0..CALLS {
            let answer = in_thread.plugin.execute("count", "null").await.unwrap();
            assert_eq!(answer, call.to_string());
            tokio::time::sleep(Duration::from_micros(call * 37 % 300)).await;
        }
        let blocking = goplug::blocking::Plugin::from(in_thread.plugin.clone());
        let calling = tokio::task::spawn_blocking(move || {
            for call in CALLS..2 * CALLS {
                assert_eq!(blocking.execute("count", "null").unwrap(), call.to_string());
                thread::sleep(Duration::from_micros(call * 37 % 300));
            }
        });
        calling.await.unwrap();
        assert_eq!(executed.load(Ordering::Relaxed), 2 * CALLS);
        in_thread.end().await;
    });
}

#[test]
fn a_call_that_was_read_and_not_answered_is_not_made_again() {
    run_test(async |env| {
        let executed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&executed);
        let in_thread = InThread::load(env, move |mut stream| {
            while let Some(line) = read_request(&mut stream) {
                if !line.contains("/Activate") {
                    count.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                respond(&mut stream, "200 OK", ACTIVATED);
            }
        })
        .await;
        let error = in_thread.plugin.execute("count", "null").await.unwrap_err();
        assert!(matches!(error, Error::Io { .. }) && error.may_have_executed(), "{error:?}");
        assert_eq!(executed.load(Ordering::Relaxed), 1);
        assert_eq!(in_thread.plugin.state(), State::Loaded);
        in_thread.end().await;
    });
}

#[test]
fn an_error_without_a_problem_document_is_read_by_its_status_and_shown() {
    run_test(async |env| {
        let in_thread = InThread::load(env, |mut stream| {
            while let Some(line) = read_request(&mut stream) {
                serve(&mut stream, &line, |stream| match &line {
                    line if line.contains("/busy") => {
                        respond(stream, "503 Service Unavailable", "busy");
                    }
                    line if line.contains("/own") => {
                        respond(stream, "422 Unprocessable Entity", r#"{"error":7}"#);
                    }
                    _ => respond(stream, "500 Oh", "KeyError: \u{1b}[1m'a'"),
                });
            }
        })
        .await;
        let mut errors = Vec::new();
        for method in ["busy", "own", "broken"] {
            errors.push(in_thread.plugin.execute(method, "null").await.unwrap_err());
        }
        let [busy, own, broken] = &errors[..] else { unreachable!() };
        assert!(matches!(busy, Error::Unavailable { .. }) && !busy.may_have_executed(), "{busy:?}");
        let Error::Method(failure) = own else { panic!("{own:?}") };
        assert_eq!(failure.error.as_ref().unwrap().get(), "7");
        assert!(broken.to_string().ends_with("status 500: KeyError: \\u{1b}[1m'a'"), "{broken}");
        in_thread.end().await;
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
        registry.stop().await;
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
        registry.stop().await;
    });
}

#[test]
fn a_socket_that_somebody_removes_is_no_crash_and_a_reload_makes_a_new_one() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        std::fs::remove_file(calculator.plugin().socket().unwrap()).unwrap();
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        let gate = crate::in_flight::GatedCall::start(env, &calculator).await;
        let error = calculator.greeting().await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. }) && !error.may_have_executed(), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("was removed while it runs: reload the plugin"), "{text}");
        gate.finish().await.unwrap();
        registry.reload("Calculator", "math").await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        registry.stop().await;
    });
}

#[test]
fn a_plugin_that_somebody_else_stops_has_stopped_and_not_crashed() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut events = registry.events();
        let process = calculator.plugin().process_id().unwrap();
        kill_process(Pid::from_raw(process.cast_signed()).unwrap(), Signal::TERM).unwrap();
        let seen = read_until(&mut events, "the stop", is(Kind::Stopped, "math.Calculator")).await;
        assert!(!seen.iter().any(|event| matches!(event, Event::Crashed { .. })), "{seen:?}");
        let error = calculator.add(1, 2).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn calls_while_somebody_else_stops_a_permanent_plugin_are_answered_by_its_next_process() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().restart(Restart::permanent());
        let registry = builder.start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.plugin().process_id().unwrap();
        kill_process(Pid::from_raw(process.cast_signed()).unwrap(), Signal::TERM).unwrap();
        // The method is not idempotent.
        while calculator.plugin().process_id().is_none_or(|now| now == process) {
            assert_eq!(calculator.greeting().await.unwrap(), None);
        }
        assert_eq!(calculator.greeting().await.unwrap(), None);
        registry.stop().await;
    });
}
