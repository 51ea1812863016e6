//! Plugins that somebody else has started: hosts come and leave them running.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goplug::{Plugin, PluginServer, Registry, State};
use goplug_runtime::transport::Listener;
use goplug_tests::fixtures::calculator::{CalculatorClient, Setup};

use crate::foreign::SelfStarted;
use crate::in_flight::GatedCall;
use crate::test_env::{
    HOST, Kind, TestEnv, exists, is, kill, read_until, run_test, socket_in, sockets, soon, until,
};

const ID: &str = "math.Calculator";

/// A calculator that serves in the folder, and whose files are there.
pub(crate) async fn started(env: &TestEnv) -> SelfStarted {
    let process = SelfStarted::start(env);
    let file = env.folder().join("math.Calculator.pconf");
    until("it has put its file into place", || file.exists()).await;
    process
}

/// A host whose calculator makes the file `stopped` in its stop hook.
async fn host(env: &TestEnv, stopped: &Path) -> (Registry, CalculatorClient) {
    let setup = Setup { stopped: Some(stopped.into()), ..Setup::default() };
    let registry = env.registry().configure("Calculator", "math", &setup);
    let registry = registry.start().await.unwrap();
    let calculator = registry.client().await.unwrap();
    (registry, calculator)
}

#[test]
fn a_host_that_ends_leaves_the_plugin_to_the_others_and_the_last_has_its_stop_hook_run() {
    run_test(async |env| {
        let process = started(env).await;
        let stopped = env.path("stopped");
        let (one, _) = host(env, &stopped).await;
        let (other, calculator) = host(env, &stopped).await;
        one.stop().await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        assert!(!stopped.exists());

        other.stop().await.unwrap();

        until("the stop hook has run", || stopped.exists()).await;
        assert_eq!(calculator.plugin().state(), State::Stopped);
        assert!(exists(process.0.id()));
        fs::remove_file(&stopped).unwrap();
        let (next, calculator) = host(env, &stopped).await;
        assert_eq!(calculator.process().await.unwrap(), process.0.id());
        drop(next);
        until("the stop hook has run again", || stopped.exists()).await;
    });
}

#[test]
fn an_unload_leaves_the_plugin_running_and_a_load_activates_it_again() {
    run_test(async |env| {
        let process = started(env).await;
        let stopped = env.path("stopped");
        let (registry, calculator) = host(env, &stopped).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        let mut events = registry.events();
        calculator.plugin().unload().await.unwrap();
        read_until(&mut events, "the leave", is(Kind::Stopped, ID)).await;
        until("the stop hook has run", || stopped.exists()).await;
        calculator.add(2, 3).await.unwrap_err();

        registry.load("Calculator", "math").await.unwrap();

        assert_eq!(calculator.process().await.unwrap(), process.0.id());
        calculator.burst(1, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_host_that_leaves_lets_its_calls_finish_and_its_callbacks_are_forgotten() {
    run_test(async |env| {
        let mut process = started(env).await;
        let (registry, calculator) = host(env, &env.path("stopped")).await;
        let (other_registry, other) = host(env, &env.path("stopped")).await;
        let _ticks = calculator.tick_stream().await.unwrap();
        let call = GatedCall::start(env, &calculator).await;
        let leaving = tokio::spawn(async move { registry.stop().await });
        until("no call begins", || calculator.plugin().state() == State::Stopped).await;
        assert!(!call.is_finished());
        call.finish().await.unwrap();
        leaving.await.unwrap().unwrap();
        // Nobody listens any more, and nothing waits for a host that does not come back.
        let error = other.burst(1, None).await.unwrap_err().to_string();
        assert!(error.contains("no host has registered"), "{error}");
        other_registry.stop().await.unwrap();
        process.terminate(env).await;
    });
}

#[test]
fn a_host_that_is_killed_is_noticed_and_the_plugin_lives_on() {
    run_test(async |env| {
        let process = started(env).await;
        let alone = sockets(process.0.id());
        let mut command = env.command(HOST);
        command.arg(env.folder()).stdout(Stdio::piped());
        let mut host = command.spawn().unwrap();
        let registry = env.registry().start().await.unwrap();
        // It prints a line once it is attached.
        let mut line = String::new();
        BufReader::new(host.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), process.0.id().to_string());
        kill(host.id());
        host.wait().unwrap();

        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.process().await.unwrap(), process.0.id());
        registry.stop().await.unwrap();
        until("no connection is left", || sockets(process.0.id()) == alone).await;
        assert!(exists(process.0.id()));
    });
}

/// A plugin in this very process, as if an init system had passed its socket on: the process that
/// listens stays the same. `name` is the name of its file and its socket.
pub(crate) async fn in_process(folder: PathBuf, version: &str) -> PluginServer {
    let answer = version.to_owned();
    let server = PluginServer::builder("Do")
        .namespace("Test")
        .location(folder)
        .version(version)
        .method("Version", move |_| {
            let answer = answer.clone();
            async move { Ok::<_, std::io::Error>(answer) }
        })
        .build()
        .unwrap();
    server.start().await.unwrap();
    server
}

/// Forwards the connections of a host to a plugin, until they are cut.
struct Proxy {
    cut: tokio::sync::watch::Sender<()>,
    /// How many of the next connections are closed as soon as they are there.
    refused: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(front: &Path, back: PathBuf) -> Self {
        let listener = Listener::bind(front).unwrap();
        let cut = tokio::sync::watch::Sender::new(());
        let cuts = cut.clone();
        let refused = Arc::new(AtomicUsize::new(0));
        let refusals = Arc::clone(&refused);
        let take_one = |left: usize| left.checked_sub(1);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let taken = refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one);
                if taken.is_ok() {
                    continue;
                }
                let (back, mut cut) = (back.clone(), cuts.subscribe());
                tokio::spawn(async move {
                    let mut far = crate::http::open(&back).await;
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { cut, refused }
    }

    /// Cuts all connections.
    fn cut(&self) {
        self.cut.send_replace(());
    }
}

/// A plugin of this process, loaded by way of a proxy.
async fn behind_proxy(env: &TestEnv) -> (PluginServer, Proxy, Registry, Plugin) {
    let server = in_process(env.path("elsewhere"), "1.0.0").await;
    let front = env.socket("front.sock");
    let proxy = Proxy::start(&front, socket_in(&env.path("elsewhere").join("Test.Do.pconf")));
    let keys = serde_json::json!({
        "Name": "Do", "NameSpace": "Test", "Protocol": 2, "Sock": front,
    });
    env.put_pconf("Test.Do.pconf", &keys);
    let registry = env.registry().start().await.unwrap();
    let plugin = registry.load("Do", "Test").await.unwrap();
    (server, proxy, registry, plugin)
}

#[test]
fn calls_go_on_when_the_connections_to_a_live_plugin_break() {
    run_test(async |env| {
        let (server, proxy, registry, plugin) = behind_proxy(env).await;
        for _ in 0..20 {
            assert_eq!(plugin.execute("Version", "").await.unwrap(), "1.0.0");
            proxy.cut();
            // The connection that a call takes may break only when the call is on its way.
            let answer = plugin.execute("Version", "").await;
            let lost = answer.as_ref().is_err_and(goplug::Error::may_have_executed);
            assert!(lost || answer.as_ref().is_ok_and(|text| text == "1.0.0"), "{answer:?}");
        }
        assert_eq!(plugin.state(), State::Loaded);
        registry.stop().await.unwrap();
        server.stop().await.unwrap();
    });
}

#[test]
fn a_live_plugin_whose_activations_break_several_times_in_a_row_stays_loaded() {
    run_test(async |env| {
        let (server, proxy, registry, plugin) = behind_proxy(env).await;
        let mut events = registry.events();
        proxy.refused.store(10, Ordering::SeqCst);
        proxy.cut();
        until("connections are let through again", || proxy.refused.load(Ordering::SeqCst) == 0)
            .await;

        assert_eq!(plugin.execute("Version", "").await.unwrap(), "1.0.0");

        assert_eq!(plugin.state(), State::Loaded);
        registry.stop().await.unwrap();
        read_until(&mut events, "the stop", |event| {
            assert!(!is(Kind::Crashed, "Test.Do")(event), "{event:?}");
            is(Kind::Stopped, "Test.Do")(event)
        })
        .await;
        server.stop().await.unwrap();
    });
}
