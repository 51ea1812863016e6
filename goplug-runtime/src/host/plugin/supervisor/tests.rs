use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::*;
use crate::host::instance::{Sockets, StartCause, StartError};
use crate::host::plugin::EventSink;
use crate::host::policy::{PluginConfiguration, Policy, Restart};
use crate::host::task::OwnedTask;
use crate::limits;
use crate::protocol::PluginId;
use crate::transport::{RawListener, RawStream, socket_path};
use crate::typed::Provided;

/// A registry that records what is reported to it.
#[derive(Default)]
struct Recorder {
    events: Mutex<Vec<PluginEvent>>,
    rejected: Mutex<Vec<String>>,
    /// The next report panics.
    panics: AtomicBool,
}

impl EventSink for Recorder {
    fn report(&self, _: &PluginId, event: PluginEvent) {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "the report of {event:?}");
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

impl Reporter for Recorder {
    fn folder(&self) -> PathBuf {
        "plugins".into()
    }

    fn sockets(&self) -> Arc<Sockets> {
        Arc::default()
    }

    fn configuration(&self, _: &Arc<PluginState>) -> Result<Option<PluginConfiguration>> {
        Ok(None)
    }

    fn provided(&self, _: &str) -> Option<Arc<Provided>> {
        None
    }

    fn installed(&self) -> Vec<(Arc<PluginState>, Arc<Installation>)> {
        Vec::new()
    }

    fn reject(&self, _: &Installation, _: Option<usize>, reason: String) {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).push(reason);
    }

    fn accept(&self, _: &Installation, _: Option<usize>) {}

    fn forget(&self, _: &Arc<PluginState>) -> bool {
        false
    }

    fn watch_program(&self, _: &Slot, _: Option<ProgramWatch>) {}
}

/// A supervised plugin, and what its supervisor reported.
struct Supervised {
    plugin: Arc<PluginState>,
    recorder: Arc<Recorder>,
    _tasks: Vec<OwnedTask>,
}

impl Supervised {
    fn new(policy: Policy) -> Self {
        let id = PluginId::new("P", "").unwrap();
        let recorder = Arc::new(Recorder::default());
        let reporter: Weak<dyn Reporter> = Arc::<Recorder>::downgrade(&recorder);
        let (plugin, supervisors) = Supervisor::of_plugin(id, policy, &reporter);
        let tasks = supervisors.into_iter().map(|it| OwnedTask::spawn(it.run())).collect();
        Self { plugin, recorder, _tasks: tasks }
    }

    /// Installs a `.pconf` with this text in the folder.
    fn install(&self, folder: &Path, pconf: &str) {
        let path = folder.join("P.pconf");
        std::fs::write(&path, pconf).unwrap();
        self.plugin.install(Installation::read(&path, true, None).unwrap());
    }

    /// The events so far, once there are at least this many.
    async fn events(&self, count: usize) -> Vec<PluginEvent> {
        loop {
            let events = self.recorder.events.lock().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The `.pconf` of a plugin that somebody else has started.
fn foreign(socket: &Path) -> String {
    serde_json::json!({"Name": "P", "Sock": socket}).to_string()
}

/// Starts a plugin that does not belong to the registry. It answers every request with a list of
/// methods, as a plugin of the original GoPlug does, until the listener crashes or stops. Returns the
/// listener and the plugin's `.pconf`.
fn start_foreign(folder: &Path) -> (RawListener, String) {
    let socket = socket_path(folder, "s");
    let listener = RawListener::bind(&socket);
    let accepting = listener.clone();
    thread::spawn(move || {
        let accepted = std::iter::from_fn(|| accepting.accept().ok());
        let connections: Vec<_> = accepted
            .inspect(|stream| {
                let stream = stream.clone();
                thread::spawn(move || respond(stream));
            })
            .collect();
        connections.iter().for_each(RawStream::shut_down);
    });
    (listener, foreign(&socket))
}

/// Ends that plugin in good order: it removes what it would leave behind if it crashed.
fn stop_foreign(folder: &Path, listener: &RawListener) {
    std::fs::remove_file(folder.join("P.pconf")).unwrap();
    listener.stop();
}

fn respond(mut stream: RawStream) {
    let mut read = [0; 4096];
    while stream.read(&mut read).is_ok_and(|count| count > 0) {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[\"m\"]";
        if stream.write_all(text).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_load_and_an_unload_are_reported_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, foreign) = start_foreign(folder.path());
    let supervised = Supervised::new(Policy::default());
    supervised.install(folder.path(), &foreign);
    for _ in 0..2 {
        supervised.plugin.command(Command::Load).await.unwrap();
    }
    assert_eq!(supervised.plugin.state(), State::Loaded);
    for _ in 0..2 {
        supervised.plugin.command(Command::Unload).await.unwrap();
    }
    assert_eq!(supervised.plugin.state(), State::Discovered);
    assert_eq!(supervised.events(2).await, [PluginEvent::Loaded, PluginEvent::Stopped]);
    listener.stop();
}

#[tokio::test]
async fn an_end_in_good_order_is_a_stop_and_not_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, foreign) = start_foreign(folder.path());
    let supervised = Supervised::new(Policy::default().restart(Restart::transient()));
    supervised.install(folder.path(), &foreign);
    supervised.plugin.command(Command::Load).await.unwrap();
    stop_foreign(folder.path(), &listener);
    assert_eq!(supervised.events(2).await, [PluginEvent::Loaded, PluginEvent::Stopped]);
    assert_eq!(supervised.plugin.state(), State::Stopped);
}

#[tokio::test]
async fn a_crash_is_reported_before_the_plugin_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, foreign) = start_foreign(folder.path());
    let restart = Restart::permanent().intensity(0, std::time::Duration::from_secs(60));
    let supervised = Supervised::new(Policy::default().restart(restart));
    supervised.install(folder.path(), &foreign);
    supervised.plugin.command(Command::Load).await.unwrap();
    listener.crash();
    let events = supervised.events(3).await;
    let [PluginEvent::Loaded, PluginEvent::Crashed(exit), PluginEvent::GivenUp(reason)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(exit.status.starts_with("connection lost"), "{exit:?}");
    assert!(reason.contains("0 restarts within 60s were not enough"), "{reason}");
    assert_eq!(supervised.plugin.state(), State::Stopped);
}

#[tokio::test]
async fn a_plugin_whose_start_fails_is_rejected_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let supervised = Supervised::new(Policy::default());
    let brief = std::env::current_exe().unwrap();
    let pconf = serde_json::json!({"Name": "P", "Exec": [brief, "--help"]});
    supervised.install(folder.path(), &pconf.to_string());
    supervised.plugin.recheck_content();
    let rejected = loop {
        if let Some(reason) = supervised.recorder.rejected.lock().unwrap().pop() {
            break reason;
        }
        tokio::task::yield_now().await;
    };
    assert!(rejected.contains("ended during its activation (exit "), "{rejected}");
    assert_eq!(supervised.events(0).await, []);
}

#[tokio::test]
async fn a_plugin_without_a_pconf_is_not_found_in_the_folder_of_its_registry() {
    let supervised = Supervised::new(Policy::default());
    let error = supervised.plugin.command(Command::Load).await.unwrap_err();
    assert!(matches!(&error, Error::NotFound { folder, .. } if folder.ends_with("plugins")));
}

#[tokio::test]
async fn a_supervisor_whose_registry_is_gone_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Supervised { plugin, recorder, _tasks } = Supervised::new(Policy::default());
    let path = folder.path().join("P.pconf");
    std::fs::write(&path, foreign(&socket_path(folder.path(), "s"))).unwrap();
    plugin.install(Installation::read(&path, true, None).unwrap());
    drop(recorder);
    let error = plugin.command(Command::Load).await.unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error:?}");
}

#[tokio::test]
async fn a_supervisor_that_panics_says_so_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, foreign) = start_foreign(folder.path());
    let supervised = Supervised::new(Policy::default());
    supervised.install(folder.path(), &foreign);
    supervised.recorder.panics.store(true, Ordering::SeqCst);
    let error = supervised.plugin.command(Command::Load).await.unwrap_err();
    let Error::Internal(text) = &error else { panic!("{error:?}") };
    assert_eq!(text, "P: its supervisor panicked: the report of Loaded");
    // Calls get the reason until somebody loads the plugin again.
    let error = supervised.plugin.acquire_next(None).await.err().unwrap();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("its supervisor panicked"), "{error}");
    supervised.plugin.command(Command::Load).await.unwrap();
    assert_eq!(supervised.plugin.state(), State::Loaded);

    // It also goes on after a panic in what it does by itself.
    supervised.recorder.panics.store(true, Ordering::SeqCst);
    stop_foreign(folder.path(), &listener);
    let events = supervised.events(3).await;
    let [PluginEvent::GivenUp(_), PluginEvent::Loaded, PluginEvent::GivenUp(reason)] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(reason.starts_with("its supervisor panicked: the report of Stopped"), "{reason}");
    let error = supervised.plugin.command(Command::Load).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
}

/// A supervisor of a plugin that has run, without a task.
fn supervisor_of_one_that_has_run() -> Supervisor {
    let reporter: Weak<dyn Reporter> = Weak::<Recorder>::new();
    let id = PluginId::new("P", "").unwrap();
    let (_, supervisors) = Supervisor::of_plugin(id, Policy::default(), &reporter);
    let mut supervisor = supervisors.into_iter().next().unwrap();
    supervisor.has_run = true;
    supervisor
}

/// A start that failed since a file has this digest.
fn half_installed(digest: &str) -> StartError {
    let error = Error::Rejected { path: "P.pconf".into(), reason: digest.into() };
    StartError { error, cause: StartCause::Digest }
}

#[tokio::test(start_paused = true)]
async fn the_other_half_of_an_upgrade_is_waited_for_once() {
    let mut supervisor = supervisor_of_one_that_has_run();
    let begin = Instant::now();
    let until = begin + limits::UPGRADE_PAIR_TIMEOUT;
    assert_eq!(supervisor.retry_at(&half_installed("1")), Some(until));
    assert_eq!(supervisor.retry_at(&half_installed("2")), Some(until));
    assert!(supervisor.plugin.is_half_installed());
    tokio::time::advance(limits::UPGRADE_PAIR_TIMEOUT).await;
    // Of two who wait at the same time, the second does not wait again.
    for _ in 0..2 {
        assert_eq!(supervisor.retry_at(&half_installed("2")), None);
        assert!(!supervisor.plugin.is_half_installed());
    }
    // Another half has another other half.
    let until = Instant::now() + limits::UPGRADE_PAIR_TIMEOUT;
    assert_eq!(supervisor.retry_at(&half_installed("3")), Some(until));
}

#[tokio::test]
async fn after_a_panic_or_a_stop_nothing_is_half_installed() {
    let mut supervisor = supervisor_of_one_that_has_run();
    supervisor.retry_at(&half_installed("1"));
    supervisor.recover("a test's own");
    assert!(!supervisor.plugin.is_half_installed());
    supervisor.retry_at(&half_installed("1"));
    supervisor.stop(State::Stopped).await.unwrap();
    assert!(!supervisor.plugin.is_half_installed());
}
