//! Plugins that misbehave, each in its own way. Whatever they do, every operation of the host
//! returns within its timeout, the calls of a neighbour go on, and nothing is left.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use goplug::{Bytes, Error, Plugin, Registry, Result, State};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::fixtures::misbehaving::{CALLBACK, METHOD, Mode};
use goplug_tests::system::{ABORTED, CAN_ESCAPE, exited};
use serde_json::json;

use crate::test_env::{
    Kind, MISBEHAVING, TestEnv, WAIT_TIMEOUT, exists, is, kill, read_until, run_test, soon, until,
};

/// The registry's timeouts, that of a start which reaches it, and the size of the largest body.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
const START_TIMEOUT: Duration = Duration::from_secs(2);
const STOP_TIMEOUT: Duration = Duration::from_millis(300);
const BODY_LIMIT: usize = 1 << 20;

/// How much longer than its timeout a stop may take, because it has to kill the process.
const KILL_MARGIN: Duration = Duration::from_secs(1);

/// How much longer than its timeout an operation may take on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

/// The outcomes of the operations on a plugin.
#[derive(Debug)]
pub(crate) struct Outcomes {
    pub(crate) load: Result<()>,
    pub(crate) call: Result<Bytes>,
    pub(crate) registration: Result<()>,
    pub(crate) ping: Result<Bytes>,
}

/// Puts a plugin of this mode into the folder.
fn install(env: &TestEnv, mode: Mode) {
    let keys = json!({
        "Name": "Misbehaving",
        "NameSpace": "hard",
        "Protocol": 2,
        "LazyLoad": true,
        "Exec": [MISBEHAVING, mode.name()],
    });
    env.put_pconf("hard.Misbehaving.pconf", &keys);
}

async fn registry(env: &TestEnv, start_timeout: Duration) -> Registry {
    let builder = env
        .registry()
        .call_timeout(CALL_TIMEOUT)
        .start_timeout(WAIT_TIMEOUT)
        .stop_timeout(STOP_TIMEOUT)
        .plugin("Misbehaving", "hard", move |policy| policy.start_timeout(start_timeout));
    // Writing the backtrace of a panic can take longer than the timeout of a call.
    builder.body_limit(BODY_LIMIT).env("RUST_BACKTRACE", "0").start().await.unwrap()
}

/// How long a plugin of this mode may take to start. Another than those that are to reach the limit must not
/// reach it on a busy machine.
fn start_timeout(mode: Mode) -> Duration {
    match mode {
        Mode::NeverListens | Mode::NeverAnswers | Mode::TrickleAtOnce | Mode::StoppedAtOnce => {
            START_TIMEOUT
        }
        _ => WAIT_TIMEOUT,
    }
}

/// Waits for an operation; fails if it takes longer than its timeout and some slack.
async fn within<T>(what: &str, granted: Duration, operation: impl Future<Output = T>) -> T {
    match tokio::time::timeout(granted + SLACK, operation).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("the {what} did not return within {granted:?}, nor soon after"),
    }
}

/// Loads a plugin of this mode, calls it, registers a callback, unloads it, loads it again, and
/// stops the registry, while the calls of a neighbour go on.
async fn exercise(env: &TestEnv, mode: Mode) -> Outcomes {
    install(env, mode);
    env.install_calculator();
    let start_timeout = start_timeout(mode);
    let registry = registry(env, start_timeout).await;
    let neighbour = Neighbour::start(env.load_calculator(&registry).await);

    let load =
        within("load", start_timeout + KILL_MARGIN, registry.load("Misbehaving", "hard")).await;
    let plugin = registry.get("Misbehaving", "hard").unwrap();
    let mut processes = Vec::from_iter(plugin.process_id());
    let received = Arc::new(AtomicU64::new(0));
    let registration = within("registration", CALL_TIMEOUT, register(&plugin, &received)).await;
    let call = within("call", CALL_TIMEOUT, plugin.execute(METHOD, "input")).await;
    let ping = within("ping", CALL_TIMEOUT, plugin.ping("there?")).await;
    if mode == Mode::FloodsCallbacks {
        until("callbacks come", || received.load(Ordering::Relaxed) > 1000).await;
    }
    within("unload", STOP_TIMEOUT + KILL_MARGIN, plugin.unload()).await.unwrap();
    assert_ne!(plugin.state(), State::Loaded);

    // Once more: the callback is registered before the load, and the registry stops the plugin.
    within("registration in advance", CALL_TIMEOUT, register(&plugin, &received)).await.unwrap();
    let again =
        within("second load", start_timeout + KILL_MARGIN, registry.load("Misbehaving", "hard"))
            .await;
    assert_eq!(again.is_ok(), load.is_ok(), "{again:?}");
    processes.extend(plugin.process_id());
    neighbour.end().await;
    within("stop", STOP_TIMEOUT + KILL_MARGIN, registry.stop()).await.unwrap();
    assert_eq!(plugin.state(), State::Stopped);
    for process in processes {
        assert!(!exists(process), "{mode:?}: {process}");
    }

    let (load, registration) = (load.map(drop), registration.map(drop));
    Outcomes { load, call, registration, ping }
}

async fn register(plugin: &Plugin, received: &Arc<AtomicU64>) -> Result<()> {
    let received = Arc::clone(received);
    let handler = move |_| {
        received.fetch_add(1, Ordering::Relaxed);
        std::future::ready(())
    };
    // The registration stays for as long as the plugin.
    plugin.register_callback(CALLBACK, handler).await.map(std::mem::forget)
}

/// Another plugin of the same registry, which is called all the time.
struct Neighbour {
    calls: Arc<AtomicU64>,
    calling: tokio::task::JoinHandle<()>,
}

impl Neighbour {
    fn start(calculator: CalculatorClient) -> Self {
        let calls = Arc::new(AtomicU64::new(0));
        let (count, calculator) = (Arc::clone(&calls), calculator.with_timeout(WAIT_TIMEOUT));
        let calling = tokio::spawn(async move {
            for number in 0.. {
                let sum = within("neighbour's call", CALL_TIMEOUT, calculator.add(number, 1)).await;
                assert_eq!(sum.unwrap(), number + 1);
                count.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Self { calls, calling }
    }

    /// Waits for one more call, and ends them. Fails if a call has failed.
    async fn end(self) {
        let before = self.calls.load(Ordering::Relaxed);
        until("the neighbour's calls go on", || {
            self.calling.is_finished() || self.calls.load(Ordering::Relaxed) > before
        })
        .await;
        self.calling.abort();
        let ended = self.calling.await.unwrap_err();
        assert!(ended.is_cancelled(), "the neighbour failed: {ended}");
    }
}

/// Exercises a plugin of this mode, which does not start; returns the error's text.
pub(crate) fn start_error(mode: Mode) -> String {
    let mut text = String::new();
    run_test(async |env| {
        let outcomes = exercise(env, mode).await;
        let Err(error @ Error::Start { .. }) = outcomes.load else { panic!("{outcomes:?}") };
        assert!(matches!(outcomes.call, Err(Error::Unavailable { .. })), "{:?}", outcomes.call);
        assert!(outcomes.registration.is_ok(), "{:?}", outcomes.registration);
        text = error.to_string();
    });
    text
}

/// Exercises a plugin of this mode, which does start; returns the outcomes.
pub(crate) fn outcomes(mode: Mode) -> Outcomes {
    let mut result = None;
    run_test(async |env| result = Some(exercise(env, mode).await));
    let outcomes: Outcomes = result.unwrap();
    assert!(outcomes.load.is_ok(), "{outcomes:?}");
    outcomes
}

fn is_deadline<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Deadline { .. }))
}

#[test]
fn a_plugin_that_exits_before_it_listens_is_refused_with_its_status() {
    let status = exited(3);
    let expected = format!(
        "hard.Misbehaving did not start: it ended during its activation ({status}); its standard \
         error ends:\n  this is not the day"
    );
    assert_eq!(start_error(Mode::ExitsAtOnce), expected);
}

#[test]
fn a_plugin_that_never_listens_is_refused_at_the_deadline() {
    let text = start_error(Mode::NeverListens);
    // Where the plugin makes the socket itself, the host may have connected before it is closed again.
    let reasons = [
        "its activation took longer than 2s",
        "its activation failed: the plugin has closed",
        "its activation failed: connection closed",
    ];
    let begin = "hard.Misbehaving did not start: ";
    let reason = text.strip_prefix(begin).expect(&text);
    assert!(reasons.iter().any(|expected| reason.starts_with(expected)), "{text}");
}

#[test]
fn a_plugin_that_never_answers_is_refused_at_the_deadline() {
    let expected = "hard.Misbehaving did not start: its activation took longer than 2s";
    assert_eq!(start_error(Mode::NeverAnswers), expected);
}

#[test]
fn a_plugin_that_activates_with_garbage_is_refused_as_not_http() {
    let text = start_error(Mode::GarbageAtOnce);
    let begin = "hard.Misbehaving did not start: its activation failed: ";
    assert!(text.starts_with(begin) && text.contains("HTTP"), "{text}");
}

#[test]
fn a_plugin_that_activates_a_byte_a_second_is_refused_at_the_deadline() {
    let expected = "hard.Misbehaving did not start: its activation took longer than 2s";
    assert_eq!(start_error(Mode::TrickleAtOnce), expected);
}

#[test]
fn a_plugin_that_activates_with_an_endless_head_is_refused() {
    let text = start_error(Mode::EndlessHeadAtOnce);
    assert!(text.starts_with("hard.Misbehaving did not start: its activation failed: "), "{text}");
}

#[test]
fn a_plugin_that_activates_with_an_endless_body_is_refused_as_too_large() {
    let expected = "hard.Misbehaving did not start: its descriptor is too large";
    assert_eq!(start_error(Mode::EndlessBodyAtOnce), expected);
}

#[test]
fn calls_of_a_plugin_that_falls_silent_end_at_their_deadline() {
    let outcomes = outcomes(Mode::FallsSilent);
    assert!(is_deadline(&outcomes.call) && is_deadline(&outcomes.ping), "{outcomes:?}");
    assert!(is_deadline(&outcomes.registration), "{outcomes:?}");
}

#[test]
fn calls_that_are_answered_with_garbage_are_protocol_errors() {
    let outcomes = outcomes(Mode::Garbage);
    assert!(matches!(outcomes.call, Err(Error::Protocol(_))), "{outcomes:?}");
    assert!(outcomes.registration.is_err(), "{outcomes:?}");
}

#[test]
fn calls_whose_response_is_cut_off_say_that_the_plugin_runs_on() {
    let outcomes = outcomes(Mode::CutsOff);
    let Err(error @ Error::Io { .. }) = &outcomes.call else { panic!("{outcomes:?}") };
    assert!(error.may_have_executed() && error.to_string().contains("it runs on"), "{error}");
}

#[test]
fn calls_that_are_answered_a_byte_a_second_end_at_their_deadline() {
    let outcomes = outcomes(Mode::Trickle);
    assert!(is_deadline(&outcomes.call) && is_deadline(&outcomes.ping), "{outcomes:?}");
    assert!(is_deadline(&outcomes.registration), "{outcomes:?}");
}

#[test]
fn calls_that_are_answered_with_an_endless_head_are_protocol_errors() {
    let outcomes = outcomes(Mode::EndlessHead);
    assert!(matches!(outcomes.call, Err(Error::Protocol(_))), "{outcomes:?}");
}

#[test]
fn calls_that_are_answered_with_an_endless_body_fail_at_the_limit() {
    let outcomes = outcomes(Mode::EndlessBody);
    assert!(matches!(outcomes.call, Err(Error::TooLarge { limit: BODY_LIMIT })), "{outcomes:?}");
    assert!(matches!(outcomes.ping, Err(Error::TooLarge { limit: BODY_LIMIT })), "{outcomes:?}");
}

#[test]
fn a_plugin_that_floods_its_output_serves_like_any_other() {
    let outcomes = outcomes(Mode::FloodsOutput);
    assert_eq!(outcomes.call.unwrap(), "input");
}

#[test]
fn a_plugin_that_floods_its_host_with_callbacks_serves_like_any_other() {
    let outcomes = outcomes(Mode::FloodsCallbacks);
    assert_eq!(outcomes.call.unwrap(), "input");
}

#[test]
fn a_plugin_that_ignores_sigterm_serves_until_it_is_killed() {
    let outcomes = outcomes(Mode::IgnoresStop);
    assert_eq!(outcomes.call.unwrap(), "input");
}

#[test]
fn a_child_process_that_keeps_the_pipes_open_delays_nothing() {
    let outcomes = outcomes(Mode::KeepsPipes);
    assert_eq!(outcomes.call.unwrap(), "input");
}

#[test]
fn calls_of_a_plugin_that_grows_end_at_their_deadline() {
    let outcomes = outcomes(Mode::Grows);
    assert!(is_deadline(&outcomes.call), "{outcomes:?}");
}

#[test]
fn a_plugin_that_panics_lives_on() {
    let outcomes = outcomes(Mode::Panics);
    let Err(Error::Panicked { detail, .. }) = &outcomes.call else { panic!("{outcomes:?}") };
    assert_eq!(detail, "it is too much");
    assert_eq!(outcomes.ping.unwrap(), "there?");
}

#[test]
fn a_plugin_that_aborts_has_crashed() {
    let outcomes = outcomes(Mode::Aborts);
    let Err(Error::Crashed { status, .. }) = &outcomes.call else { panic!("{outcomes:?}") };
    assert!(status.starts_with(ABORTED), "{outcomes:?}");
    assert!(outcomes.ping.is_err(), "{outcomes:?}");
}

/// Loads a plugin, and has it start a child process that leaves the process group and keeps the
/// pipes open. Returns the plugin and the id of that child.
async fn load_escaping(env: &TestEnv, registry: &Registry) -> (Plugin, u32) {
    install(env, Mode::Escapes);
    let plugin = registry.load("Misbehaving", "hard").await.unwrap();
    let escaped = plugin.execute(METHOD, "").await.unwrap();
    (plugin, std::str::from_utf8(&escaped).unwrap().parse().unwrap())
}

#[test]
fn an_escaped_child_that_keeps_the_pipes_open_does_not_delay_a_stop() {
    run_test(async |env| {
        let registry = registry(env, WAIT_TIMEOUT).await;
        let (plugin, escaped) = load_escaping(env, &registry).await;
        within("unload", STOP_TIMEOUT + KILL_MARGIN, plugin.unload()).await.unwrap();
        within("stop", STOP_TIMEOUT + KILL_MARGIN, registry.stop()).await.unwrap();
        if CAN_ESCAPE {
            // It has left the group that a stop kills, as is documented.
            assert_eq!(env.processes(), [escaped]);
            kill(escaped);
        }
    });
}

#[test]
fn an_escaped_child_that_keeps_the_pipes_open_does_not_hide_a_crash() {
    run_test(async |env| {
        let registry = registry(env, WAIT_TIMEOUT).await;
        let mut events = registry.events();
        let (plugin, escaped) = load_escaping(env, &registry).await;
        kill(plugin.process_id().unwrap());
        read_until(&mut events, "the crash", is(Kind::Crashed, "hard.Misbehaving")).await;
        kill(escaped);
    });
}

#[test]
fn a_stop_does_not_wait_for_a_plugin_that_is_starting() {
    run_test(async |env| {
        install(env, Mode::NeverAnswers);
        let builder = env.registry().start_timeout(WAIT_TIMEOUT * 2).stop_timeout(STOP_TIMEOUT);
        let registry = builder.start().await.unwrap();
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Misbehaving", "hard").await });
        until("the process has started", || !env.processes().is_empty()).await;
        within("stop", STOP_TIMEOUT + KILL_MARGIN, registry.stop()).await.unwrap();
        let error = soon("the end of the load", load).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Stopped), "{error:?}");
        assert!(env.processes().is_empty());
    });
}
