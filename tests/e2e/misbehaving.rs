//! Plugins that misbehave, each in its own way: whatever they do, every operation of the host
//! returns in its time, a neighbour's calls go on, and nothing is left.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use goplug::{Bytes, Error, Plugin, Registry, Result, State};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::fixtures::misbehaving::{CALLBACK, METHOD, Mode};
use serde_json::json;

use crate::stage::{Kind, MISBEHAVING, PATIENCE, Stage, is, kill, read_until, soon, stage, until};

/// What the registry grants: a call, a start, a stop, and the largest body.
const CALL: Duration = Duration::from_secs(2);
const START: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_millis(300);
const BODY: usize = 1 << 20;

/// What a stop may take beyond the grace period.
const FORCE: Duration = Duration::from_secs(1);

/// What anything may take longer on a machine that has much else to do.
const SLACK: Duration = Duration::from_secs(5);

/// What the operations on a plugin came to, one after the other.
#[derive(Debug)]
struct Account {
    load: Result<()>,
    call: Result<Bytes>,
    registration: Result<()>,
    ping: Result<Bytes>,
}

/// Puts a plugin of this mode into the folder.
fn install(stage: &Stage, mode: Mode) {
    let keys = json!({
        "Name": "Misbehaving",
        "NameSpace": "hard",
        "Protocol": 2,
        "LazyLoad": true,
        "Exec": [MISBEHAVING, mode.name()],
    });
    stage.put_pconf("hard.Misbehaving.pconf", &keys);
}

async fn registry(stage: &Stage) -> Registry {
    let builder = stage.registry().call_timeout(CALL).start_timeout(START).stop_timeout(GRACE);
    // To write the backtrace of a panic can take longer than a call may.
    builder.body_limit(BODY).env("RUST_BACKTRACE", "0").start().await.unwrap()
}

/// Fails where an operation does not return within its own time and some slack.
async fn within<T>(what: &str, granted: Duration, operation: impl Future<Output = T>) -> T {
    match tokio::time::timeout(granted + SLACK, operation).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("the {what} did not return within {granted:?}, nor soon after"),
    }
}

/// Loads a plugin of this mode and does with it all that can be done, while a neighbour's
/// calls go on.
async fn endure(stage: &Stage, mode: Mode) -> Account {
    install(stage, mode);
    stage.install_calculator();
    let registry = registry(stage).await;
    let neighbour = Neighbour::of(stage.load_calculator(&registry).await);

    let load = within("load", START + FORCE, registry.load("Misbehaving", "hard")).await;
    let plugin = registry.get("Misbehaving", "hard").unwrap();
    let came = Arc::new(AtomicU64::new(0));
    let registration = within("registration", CALL, register(&plugin, &came)).await;
    let call = within("call", CALL, plugin.execute(METHOD, "input")).await;
    let ping = within("ping", CALL, plugin.ping("there?")).await;
    if mode == Mode::FloodsCallbacks {
        until("callbacks come", || came.load(Ordering::Relaxed) > 1000).await;
    }
    within("unload", GRACE + FORCE, plugin.unload()).await.unwrap();
    assert_ne!(plugin.state(), State::Loaded);

    // Once more, now with a callback to be registered on the way; the end is the registry's.
    within("registration in advance", CALL, register(&plugin, &came)).await.unwrap();
    let again = within("second load", START + FORCE, registry.load("Misbehaving", "hard")).await;
    assert_eq!(again.is_ok(), load.is_ok(), "{again:?}");
    neighbour.end().await;
    within("stop", GRACE + FORCE, registry.stop()).await;
    assert_eq!(plugin.state(), State::Stopped);

    let (load, registration) = (load.map(drop), registration.map(drop));
    Account { load, call, registration, ping }
}

async fn register(plugin: &Plugin, came: &Arc<AtomicU64>) -> Result<()> {
    let came = Arc::clone(came);
    let handler = move |_| {
        came.fetch_add(1, Ordering::Relaxed);
        std::future::ready(())
    };
    // It stays until the plugin is gone for good.
    plugin.register_callback(CALLBACK, handler).await.map(std::mem::forget)
}

/// A plugin beside, whose calls go on.
struct Neighbour {
    calls: Arc<AtomicU64>,
    calling: tokio::task::JoinHandle<()>,
}

impl Neighbour {
    fn of(calculator: CalculatorClient) -> Self {
        let calls = Arc::new(AtomicU64::new(0));
        let (count, calculator) = (Arc::clone(&calls), calculator.with_timeout(PATIENCE));
        let calling = tokio::spawn(async move {
            for number in 0.. {
                let sum = within("neighbour's call", CALL, calculator.add(number, 1)).await;
                assert_eq!(sum.unwrap(), number + 1);
                count.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Self { calls, calling }
    }

    /// Fails where a call has failed; waits for the next one, and ends them.
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

/// Endures a plugin of this mode, which does not come up; answers with the reason.
fn refusal(mode: Mode) -> String {
    let mut text = String::new();
    stage(async |stage| {
        let account = endure(stage, mode).await;
        let Err(error @ Error::Start { .. }) = account.load else { panic!("{account:?}") };
        assert!(matches!(account.call, Err(Error::Unavailable { .. })), "{:?}", account.call);
        assert!(account.registration.is_ok(), "{:?}", account.registration);
        text = error.to_string();
    });
    text
}

/// Endures a plugin of this mode, which does come up; answers with what came of it.
fn account(mode: Mode) -> Account {
    let mut result = None;
    stage(async |stage| result = Some(endure(stage, mode).await));
    let account = result.unwrap();
    assert!(account.load.is_ok(), "{account:?}");
    account
}

fn is_late<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Deadline { .. }))
}

#[test]
fn a_plugin_that_exits_before_it_listens_is_refused_with_its_status() {
    let expected = "hard.Misbehaving did not start: it ended during its activation \
                    (exit status: 3); its standard error ends:\n  this is not the day";
    assert_eq!(refusal(Mode::ExitsAtOnce), expected);
}

#[test]
fn a_plugin_that_never_listens_is_refused_at_the_deadline() {
    let expected = "hard.Misbehaving did not start: its activation took longer than 2s";
    assert_eq!(refusal(Mode::NeverListens), expected);
}

#[test]
fn a_plugin_that_is_stopped_before_it_listens_is_refused_at_the_deadline() {
    let expected = "hard.Misbehaving did not start: its activation took longer than 2s";
    assert_eq!(refusal(Mode::StoppedAtOnce), expected);
}

#[test]
fn a_plugin_that_never_answers_is_refused_at_the_deadline() {
    let expected = "hard.Misbehaving did not start: its activation took longer than 2s";
    assert_eq!(refusal(Mode::NeverAnswers), expected);
}

#[test]
fn a_plugin_that_activates_with_garbage_is_refused_because_of_it() {
    let text = refusal(Mode::GarbageAtOnce);
    let begin = "hard.Misbehaving did not start: its activation failed: ";
    assert!(text.starts_with(begin) && text.contains("HTTP"), "{text}");
}

#[test]
fn a_plugin_that_activates_a_byte_a_second_is_refused_at_the_deadline() {
    let expected = "hard.Misbehaving did not start: its activation took longer than 2s";
    assert_eq!(refusal(Mode::TrickleAtOnce), expected);
}

#[test]
fn a_plugin_that_activates_with_an_endless_head_is_refused_because_of_it() {
    let text = refusal(Mode::EndlessHeadAtOnce);
    assert!(text.starts_with("hard.Misbehaving did not start: its activation failed: "), "{text}");
}

#[test]
fn a_plugin_that_activates_with_an_endless_body_is_refused_because_of_it() {
    let expected = "hard.Misbehaving did not start: its descriptor is too large";
    assert_eq!(refusal(Mode::EndlessBodyAtOnce), expected);
}

#[test]
fn calls_of_a_plugin_that_falls_silent_end_at_their_deadline() {
    let account = account(Mode::FallsSilent);
    assert!(is_late(&account.call) && is_late(&account.ping), "{account:?}");
    assert!(is_late(&account.registration), "{account:?}");
}

#[test]
fn calls_that_are_answered_with_garbage_fail_because_of_it() {
    let account = account(Mode::Garbage);
    assert!(matches!(account.call, Err(Error::Protocol(_))), "{account:?}");
    assert!(account.registration.is_err(), "{account:?}");
}

#[test]
fn calls_whose_response_is_cut_off_say_that_the_connection_is_lost() {
    let account = account(Mode::CutsOff);
    let Err(Error::Crashed { status, may_have_executed, .. }) = &account.call else {
        panic!("{account:?}")
    };
    assert!(status.starts_with("connection lost: ") && *may_have_executed, "{account:?}");
}

#[test]
fn calls_that_are_answered_a_byte_a_second_end_at_their_deadline() {
    let account = account(Mode::Trickle);
    assert!(is_late(&account.call) && is_late(&account.ping), "{account:?}");
    assert!(is_late(&account.registration), "{account:?}");
}

#[test]
fn calls_that_are_answered_with_an_endless_head_fail_because_of_it() {
    let account = account(Mode::EndlessHead);
    assert!(matches!(account.call, Err(Error::Protocol(_))), "{account:?}");
}

#[test]
fn calls_that_are_answered_with_an_endless_body_fail_at_the_limit() {
    let account = account(Mode::EndlessBody);
    assert!(matches!(account.call, Err(Error::TooLarge { limit: BODY })), "{account:?}");
    assert!(matches!(account.ping, Err(Error::TooLarge { limit: BODY })), "{account:?}");
}

#[test]
fn a_plugin_that_floods_its_output_serves_like_any_other() {
    let account = account(Mode::FloodsOutput);
    assert_eq!(account.call.unwrap(), "input");
}

#[test]
fn a_plugin_that_floods_its_host_with_callbacks_serves_like_any_other() {
    let account = account(Mode::FloodsCallbacks);
    assert_eq!(account.call.unwrap(), "input");
}

#[test]
fn a_plugin_that_ignores_the_end_serves_until_it_is_killed() {
    let account = account(Mode::IgnoresTheEnd);
    assert_eq!(account.call.unwrap(), "input");
}

#[test]
fn a_call_that_stops_the_process_ends_at_its_deadline() {
    let account = account(Mode::StoppedByCall);
    assert!(is_late(&account.call) && is_late(&account.ping), "{account:?}");
}

#[test]
fn a_process_that_keeps_the_pipes_of_a_plugin_holds_nothing_up() {
    let account = account(Mode::KeepsPipes);
    assert_eq!(account.call.unwrap(), "input");
}

#[test]
fn a_plugin_that_leaks_descriptors_is_stopped_like_any_other() {
    let account = account(Mode::LeaksDescriptors);
    assert_eq!(account.call.unwrap(), "input");
}

#[test]
fn calls_of_a_plugin_that_grows_end_at_their_deadline() {
    let account = account(Mode::Grows);
    assert!(is_late(&account.call), "{account:?}");
}

#[test]
fn a_plugin_that_panics_lives_on() {
    let account = account(Mode::Panics);
    let Err(Error::Panicked { detail, .. }) = &account.call else { panic!("{account:?}") };
    assert_eq!(detail, "it is too much");
    assert_eq!(account.ping.unwrap(), "there?");
}

#[test]
fn a_plugin_that_aborts_has_crashed() {
    let account = account(Mode::Aborts);
    let Err(Error::Crashed { status, .. }) = &account.call else { panic!("{account:?}") };
    assert!(status.starts_with("signal: 6 (SIGABRT)"), "{account:?}");
    assert!(account.ping.is_err(), "{account:?}");
}

/// Loads a plugin that starts a process which leaves its process group with the pipes; the
/// number of that process is the second answer.
async fn escape(stage: &Stage, registry: &Registry) -> (Plugin, u32) {
    install(stage, Mode::Escapes);
    let plugin = registry.load("Misbehaving", "hard").await.unwrap();
    let escaped = plugin.execute(METHOD, "").await.unwrap();
    (plugin, std::str::from_utf8(&escaped).unwrap().parse().unwrap())
}

#[test]
fn a_process_that_got_away_with_the_pipes_does_not_hold_a_stop_up() {
    stage(async |stage| {
        let registry = registry(stage).await;
        let (plugin, escaped) = escape(stage, &registry).await;
        within("unload", GRACE + FORCE, plugin.unload()).await.unwrap();
        within("stop", GRACE + FORCE, registry.stop()).await;
        // It is nobody's child and in nobody's group: that it can happen is documented.
        assert_eq!(stage.processes(), [escaped]);
        kill(escaped);
    });
}

#[test]
fn a_process_that_got_away_with_the_pipes_does_not_hide_a_crash() {
    stage(async |stage| {
        let registry = registry(stage).await;
        let mut events = registry.events();
        let (plugin, escaped) = escape(stage, &registry).await;
        kill(plugin.process_id().unwrap());
        read_until(&mut events, "the crash", is(Kind::Crashed, "hard.Misbehaving")).await;
        kill(escaped);
    });
}

#[test]
fn a_stop_that_comes_while_a_plugin_starts_does_not_wait_for_it() {
    stage(async |stage| {
        install(stage, Mode::NeverAnswers);
        let builder = stage.registry().start_timeout(PATIENCE * 2).stop_timeout(GRACE);
        let registry = builder.start().await.unwrap();
        let loading = registry.clone();
        let load = tokio::spawn(async move { loading.load("Misbehaving", "hard").await });
        until("the process has started", || !stage.processes().is_empty()).await;
        within("stop", GRACE + FORCE, registry.stop()).await;
        let error = soon("the end of the load", load).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Stopped), "{error:?}");
        assert!(stage.processes().is_empty());
    });
}
