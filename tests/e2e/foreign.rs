//! Plugins that somebody else starts.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use goplug::{Error, Event, PluginServer, Registry, State};
use goplug_tests::fixtures::calculator::CalculatorClient;

use crate::stage::{CALCULATOR, Kind, Stage, exists, is, kill, read_until, soon, stage, until};

/// A calculator that starts itself in the stage's folder; ends with this.
pub(crate) struct Own(Child);

impl Own {
    pub(crate) fn start(stage: &Stage) -> Self {
        let mut command = stage.command(CALCULATOR);
        command.arg("--dir").arg(stage.folder()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        kill(self.0.id());
        drop(self.0.wait());
    }
}

async fn loaded(registry: &Registry) -> CalculatorClient {
    let mut events = registry.events();
    read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
    registry.client().await.unwrap()
}

#[test]
fn a_plugin_that_starts_itself_is_found_and_served() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let own = Own::start(stage);
        let calculator = loaded(&registry).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        assert_eq!(calculator.process().await.unwrap(), own.0.id());
        assert_eq!(calculator.plugin().process_id(), None);
    });
}

#[test]
fn its_callbacks_come_too() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let _own = Own::start(stage);
        let calculator = loaded(&registry).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        calculator.burst(3, None).await.unwrap();
        for expected in 0..3 {
            assert_eq!(soon("a callback", ticks.next()).await, Some(expected));
        }
    });
}

#[test]
fn unloading_stops_it_and_it_takes_its_files_along() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let mut own = Own::start(stage);
        let calculator = loaded(&registry).await;
        let mut events = registry.events();
        calculator.plugin().unload().await.unwrap();
        read_until(&mut events, "the removal", is(Kind::Removed, "math.Calculator")).await;
        until("the process has ended", || own.0.try_wait().unwrap().is_some()).await;
        assert_eq!(calculator.plugin().state(), State::Stopped);
        let left: Vec<_> = std::fs::read_dir(stage.folder()).unwrap().flatten().collect();
        assert!(left.iter().all(|entry| !is_of_plugin(entry)), "{left:?}");
    });
}

/// Whether a file is the plugin's socket or `.pconf`, not what it keeps its place with.
fn is_of_plugin(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().ends_with(b".sock") || name.as_encoded_bytes().ends_with(b".pconf")
}

#[test]
fn its_death_is_noticed_without_a_call() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let mut own = Own::start(stage);
        let calculator = loaded(&registry).await;
        let mut events = registry.events();
        own.kill();
        let seen = read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        let Some(Event::Crashed { status, .. }) = seen.last() else { unreachable!() };
        assert!(status.starts_with("connection lost: "), "{status}");
        assert_eq!(calculator.plugin().state(), State::Stopped);
    });
}

#[test]
fn a_call_during_its_death_fails_with_one_typed_error() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let mut own = Own::start(stage);
        let calculator = loaded(&registry).await;
        let (begun, dropped) = (stage.path("begun"), stage.path("dropped"));
        let (caller, flag) = (calculator.clone(), begun.clone());
        let call = tokio::spawn(async move { caller.sleep(600_000, flag, dropped).await });
        until("the call has begun", || begun.exists()).await;
        own.kill();
        let error = soon("the error", call).await.unwrap().unwrap_err();
        assert!(matches!(&error, goplug::CallError::Goplug(Error::Crashed { .. })), "{error:?}");
        assert!(error.may_have_executed());
    });
}

#[test]
fn the_next_load_of_a_dead_one_says_that_nobody_listens() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let mut own = Own::start(stage);
        let calculator = loaded(&registry).await;
        own.kill();
        until("the death is noticed", || calculator.plugin().state() == State::Stopped).await;
        let error = registry.load("Calculator", "math").await.unwrap_err();
        let Error::Rejected { reason, .. } = &error else { panic!("{error:?}") };
        assert_eq!(reason, "nobody listens on the socket");
    });
}

#[test]
fn one_that_comes_back_is_served_again_beneath_the_same_client() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let mut own = Own::start(stage);
        let calculator = loaded(&registry).await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        let mut events = registry.events();
        read_until(&mut events, "the state", is(Kind::Loaded, "math.Calculator")).await;
        own.kill();
        read_until(&mut events, "the crash", is(Kind::Crashed, "math.Calculator")).await;
        let again = Own::start(stage);
        read_until(&mut events, "the return", is(Kind::Loaded, "math.Calculator")).await;
        assert_eq!(calculator.process().await.unwrap(), again.0.id());
        calculator.burst(1, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
    });
}

/// Has a calculator start itself and be killed; answers with its `.pconf` and its socket,
/// which stay behind.
async fn killed(stage: &Stage) -> (PathBuf, PathBuf) {
    let file = stage.folder().join("math.Calculator.pconf");
    let socket = stage.folder().join("math.Calculator.sock");
    let mut own = Own::start(stage);
    until("it has put its files into place", || file.exists()).await;
    own.kill();
    assert!(file.exists() && socket.exists());
    (file, socket)
}

#[test]
fn the_files_of_a_killed_one_are_one_rejection_beside_which_others_are_served() {
    stage(async |stage| {
        let (file, _) = killed(stage).await;
        stage.install_polite();
        let registry = stage.watching().await;
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
        assert_eq!(reasons, ["nobody listens on the socket"]);
    });
}

#[test]
fn the_files_of_a_killed_one_are_replaced_when_it_starts_again() {
    stage(async |stage| {
        let (file, socket) = killed(stage).await;
        let registry = stage.watching().await;
        let mut events = registry.events();
        let rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        read_until(&mut events, "the rejection", rejected).await;
        let mut own = Own::start(stage);
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.process().await.unwrap(), own.0.id());
        calculator.plugin().unload().await.unwrap();
        until("it has ended", || own.0.try_wait().unwrap().is_some()).await;
        assert!(!file.exists() && !socket.exists());
    });
}

#[test]
fn one_whose_process_is_stopped_holds_neither_calls_nor_the_registry_up() {
    stage(async |stage| {
        let short = Duration::from_millis(300);
        let builder = stage.registry().auto_discover(true).call_timeout(short).stop_timeout(short);
        let registry = builder.start().await.unwrap();
        let own = Own::start(stage);
        let calculator = loaded(&registry).await;
        let pid = rustix::process::Pid::from_raw(own.0.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        let error = soon("the end of the call", calculator.add(2, 3)).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
        soon("the end of the unload", calculator.plugin().unload()).await.unwrap();
        soon("the end of the stop", registry.stop()).await;
    });
}

#[test]
fn dropping_the_registry_leaves_it_alone() {
    stage(async |stage| {
        let registry = stage.watching().await;
        let own = Own::start(stage);
        let calculator = loaded(&registry).await;
        drop(registry);
        until("the handle knows", || calculator.plugin().state() == State::Stopped).await;
        assert!(exists(own.0.id()));
        let next = stage.watching().await;
        assert_eq!(loaded(&next).await.process().await.unwrap(), own.0.id());
    });
}

#[test]
fn a_plugin_on_the_raw_layer_is_served_just_as_well() {
    stage(async |stage| {
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(stage.folder())
            .method("main.Do", |input: bytes::Bytes| async move { anyhow::Ok(input) })
            .method("main.Fail", |_: bytes::Bytes| async move {
                Err::<bytes::Bytes, _>(anyhow::anyhow!("no").context("it cannot be done"))
            })
            .callback("main.callBack")
            .build()
            .unwrap();
        server.start().await.unwrap();
        let registry = stage.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        assert_eq!(plugin.methods(), ["main.Do", "main.Fail"]);
        assert_eq!(plugin.execute("main.Do", "hello").await.unwrap(), "hello");
        let error = plugin.execute("main.Fail", "").await.unwrap_err();
        assert!(matches!(&error, Error::Method(failure) if failure.detail.contains("cannot")));

        let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
        let subscription = plugin
            .register_callback("main.callBack", move |data| {
                let sender = sender.clone();
                async move { sender.send(data).unwrap() }
            })
            .await
            .unwrap();
        let registered = server.callbacks();
        assert_eq!(registered.len(), 1);
        assert_eq!(registered[0].name, "main.callBack");
        server.notify("main.callBack", "n1").await.unwrap();
        assert_eq!(soon("the callback", received.recv()).await.unwrap(), "n1");
        subscription.unregister();
        until("the plugin knows", || server.callbacks().is_empty()).await;
        let error = server.notify("main.callBack", "n2").await.unwrap_err();
        assert!(matches!(error, Error::NotRegistered { .. }), "{error:?}");

        registry.stop().await;
        soon("the end of the plugin", server.stopped()).await;
    });
}
