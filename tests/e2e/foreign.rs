//! Plugins that the registry did not start: they start by themselves, or in this process.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use goplug::{Error, Event, PluginServer, Registry, State};
use goplug_runtime::transport::has_listener;
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::system::{self, DEAD_SOCKET};

use crate::http::{Connection, request};
use crate::in_flight::LongCall;
use crate::test_env::{
    CALCULATOR, Kind, TestEnv, exists, is, kill, listen, read_until, run_test, socket_in, soon,
    until,
};

/// A calculator that the test starts, and that serves in the folder of the plugins. Dropping
/// this kills it.
pub(crate) struct SelfStarted(pub(crate) Child);

impl SelfStarted {
    pub(crate) fn start(env: &TestEnv) -> Self {
        Self::start_in(env, &env.folder())
    }

    /// Starts another program in the folder of the plugins.
    pub(crate) fn start_program(env: &TestEnv, program: &str) -> Self {
        let mut command = env.command(program);
        command.arg("--dir").arg(env.folder()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Starts it in another folder.
    pub(crate) fn start_in(env: &TestEnv, folder: &std::path::Path) -> Self {
        let mut command = env.command(CALCULATOR);
        command.arg("--dir").arg(folder).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Stops it as an init system does, or where none can, by a request to its socket.
    pub(crate) async fn terminate(&mut self, env: &TestEnv) {
        if !system::terminate(self.0.id()) {
            let socket = socket_in(&env.folder().join("math.Calculator.pconf"));
            Connection::open(&socket).await.send(request("/Stop", "")).await;
        }
        until("the process has ended", || self.0.try_wait().unwrap().is_some()).await;
    }
}

impl Drop for SelfStarted {
    fn drop(&mut self) {
        kill(self.0.id());
        drop(self.0.wait());
    }
}

pub(crate) async fn loaded(registry: &Registry) -> CalculatorClient {
    let mut events = registry.events();
    read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
    registry.client().await.unwrap()
}

#[test]
fn a_self_started_plugin_is_discovered_and_serves() {
    run_test(async |env| {
        let registry = env.watching().await;
        let process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        assert_eq!(calculator.process().await.unwrap(), process.0.id());
        assert_eq!(calculator.plugin().process_id(), None);
    });
}

#[test]
fn callbacks_of_a_self_started_plugin_arrive() {
    run_test(async |env| {
        let registry = env.watching().await;
        let _process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        calculator.burst(3, None).await.unwrap();
        for expected in 0..3 {
            assert_eq!(soon("a callback", ticks.next()).await, Some(expected));
        }
    });
}

#[test]
fn a_self_started_plugin_that_is_stopped_by_its_owner_removes_its_files() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        let mut events = registry.events();
        process.terminate(env).await;
        read_until(&mut events, "the removal", is(Kind::Removed, "math.Calculator")).await;
        assert_eq!(calculator.plugin().state(), State::Stopped);
        let left: Vec<_> = std::fs::read_dir(env.folder()).unwrap().flatten().collect();
        assert!(left.iter().all(|entry| !is_of_plugin(entry)), "{left:?}");
    });
}

/// Whether a file is a socket or a `.pconf`.
fn is_of_plugin(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().ends_with(b".sock") || name.as_encoded_bytes().ends_with(b".pconf")
}

#[test]
fn the_end_of_a_self_started_plugin_is_noticed_without_a_call() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        let mut events = registry.events();
        process.kill();
        let seen = read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        let Some(Event::Crashed { status, .. }) = seen.last() else { unreachable!() };
        assert!(status.starts_with("connection lost: "), "{status}");
        assert_eq!(calculator.plugin().state(), State::Stopped);
    });
}

#[test]
fn a_call_in_flight_when_a_self_started_plugin_is_killed_fails_once() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        let call = LongCall::start(env, &calculator).await;
        process.kill();
        let error = call.error().await;
        assert!(matches!(&error, goplug::CallError::Goplug(Error::Crashed { .. })), "{error:?}");
        assert!(error.may_have_executed());
    });
}

#[test]
fn a_load_after_a_self_started_plugin_was_killed_is_rejected() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        process.kill();
        until("the death is noticed", || calculator.plugin().state() == State::Stopped).await;
        let error = registry.load("Calculator", "math").await.unwrap_err();
        let Error::Rejected { reason, .. } = &error else { panic!("{error:?}") };
        let expected = format!(": {DEAD_SOCKET}; another process");
        assert!(reason.contains(&expected), "{reason}");
    });
}

#[test]
fn a_self_started_plugin_that_comes_back_serves_the_same_client() {
    run_test(async |env| {
        let registry = env.watching().await;
        let mut process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        let mut events = registry.events();
        read_until(&mut events, "the state", is(Kind::Loaded, "math.Calculator")).await;
        process.kill();
        read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        let again = SelfStarted::start(env);
        read_until(&mut events, "the return", is(Kind::Loaded, "math.Calculator")).await;
        assert_eq!(calculator.process().await.unwrap(), again.0.id());
        calculator.burst(1, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
    });
}

/// Starts a calculator and kills it; returns its `.pconf` and its socket, which it leaves
/// behind.
async fn killed(env: &TestEnv) -> (PathBuf, PathBuf) {
    let file = env.folder().join("math.Calculator.pconf");
    let mut process = SelfStarted::start(env);
    until("it has put its files into place", || file.exists()).await;
    process.kill();
    let socket = socket_in(&file);
    (file, socket)
}

#[test]
fn the_files_of_a_killed_plugin_are_rejected_once_and_other_plugins_are_loaded() {
    run_test(async |env| {
        let (file, _) = killed(env).await;
        env.install_polite();
        let registry = env.watching().await;
        let mut events = registry.events();
        let (mut reasons, mut neighbour) = (Vec::new(), false);
        read_until(&mut events, "the rejection, or the neighbour,", |event| {
            neighbour |= is(Kind::Loaded, "greeters.Polite")(event);
            if let Event::Rejected { path, reason } = event {
                assert_eq!(*path, file);
                reasons.push(reason.clone());
            }
            neighbour && !reasons.is_empty()
        })
        .await;
        let [reason] = &reasons[..] else { panic!("{reasons:?}") };
        let expected = format!(": {DEAD_SOCKET}; another process");
        assert!(reason.contains(&expected), "{reason}");
    });
}

#[test]
fn a_plugin_that_starts_again_replaces_the_files_it_left() {
    run_test(async |env| {
        let (file, socket) = killed(env).await;
        let registry = env.watching().await;
        let mut events = registry.events();
        let rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        read_until(&mut events, "the rejection", rejected).await;
        let mut process = SelfStarted::start(env);
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.process().await.unwrap(), process.0.id());
        process.terminate(env).await;
        assert!(!file.exists() && !has_listener(&socket).unwrap());
    });
}

#[test]
fn dropping_the_registry_leaves_a_self_started_plugin_running() {
    run_test(async |env| {
        let registry = env.watching().await;
        let process = SelfStarted::start(env);
        let calculator = loaded(&registry).await;
        drop(registry);
        until("the handle knows", || calculator.plugin().state() == State::Stopped).await;
        assert!(exists(process.0.id()));
        let next = env.watching().await;
        assert_eq!(loaded(&next).await.process().await.unwrap(), process.0.id());
    });
}

#[test]
fn a_plugin_on_the_raw_layer_is_served() {
    run_test(async |env| {
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(env.folder())
            .method("main.Do", |input: bytes::Bytes| async move { anyhow::Ok(input) })
            .method("main.Fail", |_: bytes::Bytes| async move {
                Err::<bytes::Bytes, _>(anyhow::anyhow!("no").context("it cannot be done"))
            })
            .callback("main.callBack")
            .build()
            .unwrap();
        server.start().await.unwrap();
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        assert_eq!(plugin.methods(), ["main.Do", "main.Fail"]);
        assert_eq!(plugin.execute("main.Do", "hello").await.unwrap(), "hello");
        let error = plugin.execute("main.Fail", "").await.unwrap_err();
        assert!(matches!(&error, Error::Method(failure) if failure.detail.contains("cannot")));

        let (subscription, mut received) = listen(&plugin, "main.callBack").await;
        let registered = server.callbacks();
        assert_eq!(registered.len(), 1);
        assert_eq!(registered[0].name, "main.callBack");
        server.notify("main.callBack", "n1").await.unwrap();
        assert_eq!(soon("the callback", received.recv()).await.unwrap(), "n1");
        subscription.unregister();
        until("the plugin knows", || server.callbacks().is_empty()).await;
        let error = server.notify("main.callBack", "n2").await.unwrap_err();
        assert!(matches!(error, Error::NotRegistered { .. }), "{error:?}");

        registry.stop().await.unwrap();
        server.stop().await.unwrap();
    });
}
