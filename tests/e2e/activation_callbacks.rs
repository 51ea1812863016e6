//! Callbacks that a plugin calls while it is activated: the host has registered them by then.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use goplug::raw::Reply;
use goplug::{
    Bytes, CallbackHandler, Caller, Error, Plugin, Registry, RegistryBuilder, Restart, Subscription,
};
use goplug_runtime::transport::{Listener, Stream};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient, Setup};
use goplug_tests::fixtures::other_calculator::OtherCalculatorClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::test_env::{
    CALCULATOR, Kind, TestEnv, is, listen, pconf, read_until, run_test, soon, until,
};

/// A calculator whose activation calls callbacks, and its registry, not loaded.
async fn calling(
    env: &TestEnv,
    setup: &Setup,
    policy: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
) -> (Registry, Plugin) {
    let mut keys = pconf::<Calculator>(CALCULATOR);
    // It is not loaded before the test asks for that.
    keys["LazyLoad"] = true.into();
    env.put_pconf("math.Calculator.pconf", &keys);
    let registry = policy(env.registry().configure("Calculator", "math", setup));
    let registry = registry.auto_discover(true).start().await.unwrap();
    let plugin = registry.get("Calculator", "math").unwrap();
    (registry, plugin)
}

fn notifying() -> Setup {
    Setup { notify: Some("I begin".into()), ..Setup::default() }
}

fn asking() -> Setup {
    Setup { ask: Some(vec![3, 7, 5]), ..Setup::default() }
}

async fn hears_the_beginning(heard: &mut UnboundedReceiver<Bytes>) {
    let heard = soon("the callback", heard.recv()).await.unwrap();
    assert_eq!(heard, r#"{"what":"I begin","times":1}"#);
}

/// Registers a raw handler that chooses the largest number.
async fn choose(plugin: &Plugin) -> Subscription {
    let handler = CallbackHandler::new(|event| async move {
        let (from,): (Vec<i64>,) = {
            let value: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
            (serde_json::from_value(value["from"].clone()).unwrap(),)
        };
        Reply::json(&from.iter().max())
    });
    plugin.subscribe("choose", handler).await.unwrap()
}

#[test]
fn every_start_is_heard() {
    run_test(async |env| {
        let restart =
            Restart::permanent().backoff(Duration::from_millis(1), Duration::from_millis(1));
        let (registry, plugin) = calling(env, &notifying(), |it| it.restart(restart)).await;
        let (_subscription, mut heard) = listen(&plugin, "noticed").await;
        let mut events = registry.events();
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        hears_the_beginning(&mut heard).await;
        registry.reload("Calculator", "math").await.unwrap();
        hears_the_beginning(&mut heard).await;
        plugin.execute("exit", "[1,0]").await.unwrap_err();
        read_until(&mut events, "the restart", is(Kind::Restarted, "math.Calculator")).await;
        hears_the_beginning(&mut heard).await;
        plugin.unload().await.unwrap();
        registry.load("Calculator", "math").await.unwrap();
        hears_the_beginning(&mut heard).await;
        assert!(heard.try_recv().is_err(), "each start is heard once");
    });
}

#[test]
fn a_start_for_a_call_is_heard() {
    run_test(async |env| {
        let idle = Duration::from_millis(1);
        let (registry, plugin) =
            calling(env, &asking(), |it| it.policy(|policy| policy.idle_stop(idle))).await;
        let chosen = choose(&plugin).await;
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        // A plugin with a registered callback is not idle.
        drop(chosen);
        until("it is stopped", || plugin.process_id().is_none()).await;
        let _chosen = choose(&plugin).await;
        assert_eq!(plugin.execute("greeting", "").await.unwrap(), r#""7""#);
    });
}

#[test]
fn every_start_is_answered() {
    run_test(async |env| {
        let (registry, plugin) = calling(env, &asking(), |it| it).await;
        let _chosen = choose(&plugin).await;
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        for _ in 0..2 {
            assert_eq!(plugin.execute("greeting", "").await.unwrap(), r#""7""#);
            registry.reload("Calculator", "math").await.unwrap();
        }
    });
}

#[test]
fn a_typed_handler_answers_the_first_activation() {
    run_test(async |env| {
        let (registry, plugin) = calling(env, &asking(), |it| it).await;
        let calculator: CalculatorClient = plugin.client().unwrap();
        let _chosen = calculator.on_choose(|from| async move { from[1] }).await.unwrap();
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        assert_eq!(calculator.greeting().await.unwrap().as_deref(), Some("7"));
    });
}

#[test]
fn a_client_of_a_plugin_that_is_not_loaded_is_checked_by_the_load() {
    run_test(async |env| {
        let (registry, plugin) = calling(env, &Setup::default(), |it| it).await;
        let misfit: OtherCalculatorClient = plugin.client().unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        let Error::Contract { client, differences, .. } = &error else { panic!("{error:?}") };
        assert!(client.contains("OtherCalculatorClient"), "{client}");
        assert_eq!(differences.len(), 2, "{differences:?}");
        let error = misfit.add(2.0, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        // It is told once, and the plugin can be loaded without that client.
        let loaded = registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        let calculator: CalculatorClient = loaded.client().unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        registry.stop().await.unwrap();
        let error = plugin.client::<CalculatorClient>().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}

#[test]
fn a_client_that_the_pconf_contradicts_is_refused() {
    run_test(async |env| {
        let mut keys = pconf::<Calculator>(CALCULATOR);
        keys["LazyLoad"] = true.into();
        keys["Methods"] = serde_json::json!([{"name": "add"}]);
        env.put_pconf("math.Calculator.pconf", &keys);
        let registry = env.registry().auto_discover(true).start().await.unwrap();
        let plugin = registry.get("Calculator", "math").unwrap();
        let error = plugin.client::<OtherCalculatorClient>().unwrap_err();
        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert!(differences[0].contains("subtract"), "{differences:?}");
    });
}

#[test]
fn a_blocking_handler_answers_an_activation() {
    run_test(async |env| {
        let (registry, plugin) = calling(env, &asking(), |it| it).await;
        let first = choose(&plugin).await;
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        let calculator = CalculatorClient::blocking(plugin.clone()).unwrap();
        let register = move || calculator.on_choose(|from| from.into_iter().min().unwrap());
        let _second = tokio::task::spawn_blocking(register).await.unwrap().unwrap();
        drop(first);
        registry.reload("Calculator", "math").await.unwrap();
        assert_eq!(plugin.execute("greeting", "").await.unwrap(), r#""3""#);
    });
}

#[test]
fn an_upgrade_that_fails_leaves_the_callbacks_of_the_old_process() {
    run_test(async |env| {
        let (registry, plugin) = calling(env, &asking(), |it| it).await;
        let chosen = choose(&plugin).await;
        let (_subscription, mut heard) = listen(&plugin, "noticed").await;
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        drop(chosen);
        let error = registry.reload("Calculator", "math").await.unwrap_err();
        assert!(error.to_string().contains("no host has registered the callback"), "{error}");
        plugin.execute("notice", r#"["I begin"]"#).await.unwrap();
        hears_the_beginning(&mut heard).await;
        // A registration is confirmed by the old process.
        let _again = soon("the registration", choose(&plugin)).await;
        assert_eq!(plugin.execute("twice_the_chosen", "[[4,6]]").await.unwrap(), "12");
    });
}

#[test]
fn a_handler_cannot_call_the_plugin_whose_activation_it_answers() {
    run_test(async |env| {
        let restart =
            Restart::permanent().backoff(Duration::from_millis(1), Duration::from_millis(1));
        let (registry, plugin) = calling(env, &asking(), |it| it.restart(restart)).await;
        let (sender, mut results) = unbounded_channel();
        let (own, inner) = (registry.clone(), plugin.clone());
        let handler = CallbackHandler::new(move |_| {
            let (registry, plugin, sender) = (own.clone(), inner.clone(), sender.clone());
            async move {
                sender.send(plugin.execute("add", "[2,3]").await.map(drop)).unwrap();
                sender.send(registry.load("Calculator", "math").await.map(drop)).unwrap();
                sender.send(plugin.unload().await).unwrap();
                Reply::json(&7)
            }
        });
        let _subscription = plugin.subscribe("choose", handler).await.unwrap();
        let mut check = async || {
            for _ in 0..3 {
                let error = soon("a result", results.recv()).await.unwrap().unwrap_err();
                assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            }
        };
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        check().await;
        // Other calls wait for the restart; the handler's must not.
        plugin.execute("exit", "[1,0]").await.unwrap_err();
        check().await;
        assert_eq!(plugin.execute("add", "[2,3]").await.unwrap(), "5");
    });
}

#[test]
fn a_blocking_handler_cannot_call_the_plugin_whose_activation_it_answers() {
    run_test(async |env| {
        let restart =
            Restart::permanent().backoff(Duration::from_millis(1), Duration::from_millis(1));
        let (registry, plugin) = calling(env, &asking(), |it| it.restart(restart)).await;
        let first = choose(&plugin).await;
        registry.load("Calculator", "math").await.unwrap();
        env.note_socket(&registry);
        let calculator = CalculatorClient::blocking(plugin.clone()).unwrap();
        let (sender, mut results) = unbounded_channel();
        let inner = CalculatorClient::blocking(plugin.clone()).unwrap();
        let register = move || {
            calculator.on_choose(move |from| {
                sender.send(inner.add(2, 3)).unwrap();
                from[0]
            })
        };
        let _second = tokio::task::spawn_blocking(register).await.unwrap().unwrap();
        drop(first);
        plugin.execute("exit", "[1,0]").await.unwrap_err();
        let error = soon("the result", results.recv()).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(plugin.execute("greeting", "").await.unwrap(), r#""3""#);
    });
}

/// A plugin in another language: it registers callbacks only once it is active.
struct Late {
    refusals: Arc<AtomicUsize>,
    registrations: Arc<AtomicUsize>,
}

impl Late {
    fn serve(path: &Path, answers_early: bool) -> Self {
        let listener = Listener::bind(path).unwrap();
        let late = Self { refusals: Arc::default(), registrations: Arc::default() };
        let (refusals, registrations) = (late.refusals.clone(), late.registrations.clone());
        let active = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (refusals, registrations, active) =
                    (refusals.clone(), registrations.clone(), active.clone());
                tokio::spawn(async move {
                    respond(stream, answers_early, &refusals, &registrations, &active).await;
                });
            }
        });
        late
    }
}

async fn respond(
    mut stream: Stream,
    answers_early: bool,
    refusals: &AtomicUsize,
    registrations: &AtomicUsize,
    active: &AtomicUsize,
) {
    let mut read = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut read).await {
        let text = String::from_utf8_lossy(&read[..count]);
        let (status, body) = if text.starts_with("POST /Activate") {
            active.store(1, Ordering::SeqCst);
            ("200 OK", r#"{"name":"Late","namespace":""}"#)
        } else if !text.starts_with("POST /RegisterCallback") {
            ("200 OK", "null")
        } else if active.load(Ordering::SeqCst) == 0 && answers_early {
            refusals.fetch_add(1, Ordering::SeqCst);
            ("503 Service Unavailable", "")
        } else {
            while active.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            registrations.fetch_add(1, Ordering::SeqCst);
            let head = "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nContent-Type: text/event-stream\r\n\
                        Transfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            continue;
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nGoplug-Protocol: 2\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn late(env: &TestEnv, answers_early: bool) -> (Registry, Plugin, Late) {
    let socket = env.socket("late");
    let late = Late::serve(&socket, answers_early);
    let keys = serde_json::json!({
        "Name": "Late", "Protocol": 2, "Sock": socket, "LazyLoad": true,
    });
    env.put_pconf("Late.pconf", &keys);
    let registry = env.registry().start_timeout(Duration::from_secs(2)).auto_discover(true);
    let registry = registry.start().await.unwrap();
    let plugin = registry.get("Late", "").unwrap();
    (registry, plugin, late)
}

#[test]
fn a_registration_that_is_refused_before_the_activation_is_made_after_it() {
    run_test(async |env| {
        let (registry, plugin, late) = late(env, true).await;
        let _subscription = plugin.register_callback("a", |_| async {}).await.unwrap();
        registry.load("Late", "").await.unwrap();
        assert_eq!(late.registrations.load(Ordering::SeqCst), 1);
        assert!(late.refusals.load(Ordering::SeqCst) > 0);
    });
}

#[test]
fn a_plugin_that_registers_nothing_before_its_activation_is_activated_nevertheless() {
    run_test(async |env| {
        let (registry, plugin, late) = late(env, false).await;
        let _subscription = plugin.register_callback("a", |_| async {}).await.unwrap();
        registry.load("Late", "").await.unwrap();
        assert_eq!(late.registrations.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_plugin_without_registrations_is_asked_for_none() {
    run_test(async |env| {
        let (registry, plugin, late) = late(env, true).await;
        registry.load("Late", "").await.unwrap();
        assert_eq!(plugin.execute("a", "").await.unwrap(), "null");
        assert_eq!(late.refusals.load(Ordering::SeqCst), 0);
        assert_eq!(late.registrations.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn an_activation_that_waits_too_long_for_a_handler_says_so() {
    run_test(async |env| {
        // Within half of it the plugin has to listen.
        let short = Duration::from_secs(6);
        let (registry, plugin) = calling(env, &asking(), |it| it.start_timeout(short)).await;
        let handler = CallbackHandler::new(|_| std::future::pending());
        let _never = plugin.subscribe("choose", handler).await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err().to_string();
        let expected = "math.Calculator did not start: its activation took longer than 6s; this \
                        host's own handler of its callback choose has not returned, and the \
                        activation may be waiting for it";
        assert!(error.starts_with(expected), "{error}");
    });
}
