//! The environment of a test: folders and a runtime of its own, and at the end a check that
//! no process and no socket is left.
//!
//! Every process that a test's registry starts, and every descendant of it, has a variable of
//! the test in its environment. So a process that was left behind is found, even if its
//! parent is gone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use goplug::{Bytes, Event, Events, Plugin, PluginType, Registry, RegistryBuilder, Subscription};
use goplug_runtime::transport::{Sha256, socket_path};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use goplug_tests::fixtures::counter::Counter;
use goplug_tests::system;
pub(crate) use goplug_tests::system::{exists, kill, sockets};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A test that takes longer than this fails.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a test waits for a condition or an event: long enough for a busy machine.
pub(crate) const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// The time between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The environment variable that marks the processes of a test.
const MARKER: &str = "GOPLUG_TEST_ENV";

/// The path of a program of this package. Cargo says it as the system says it that builds: wine shows all of
/// that system's files on a drive of their own.
macro_rules! program {
    ($name:literal) => {
        match env!(concat!("CARGO_BIN_EXE_", $name)) {
            path if cfg!(windows) && path.as_bytes()[0] == b'/' => {
                concat!("Z:", env!(concat!("CARGO_BIN_EXE_", $name)))
            }
            path => path,
        }
    };
}
pub(crate) use program;

/// The fixtures' programs.
pub(crate) const BRIEF: &str = program!("fixture-brief");
pub(crate) const CALCULATOR: &str = program!("fixture-calculator");
pub(crate) const COMMAND: &str = program!("fixture-command");
pub(crate) const COUNTER: &str = program!("fixture-counter");
pub(crate) const POLITE: &str = program!("fixture-polite");
pub(crate) const CONFORMANCE_HOST: &str = program!("fixture-conformance-host");
pub(crate) const REPORT: &str = program!("fixture-report");
pub(crate) const RUDE: &str = program!("fixture-rude");
pub(crate) const EXCESS: &str = program!("fixture-excess");
pub(crate) const SPEAKER: &str = program!("fixture-speaker");
pub(crate) const STORE: &str = program!("fixture-store");
pub(crate) const INTAKE: &str = program!("fixture-intake");
pub(crate) const LOG: &str = program!("fixture-log");
pub(crate) const MAILER: &str = program!("fixture-mailer");
pub(crate) const MISBEHAVING: &str = program!("fixture-misbehaving");
pub(crate) const EMBEDDING: &str = program!("fixture-embedding");
pub(crate) const WAVING: &str = program!("fixture-waving");
pub(crate) const HOSTILE: &str = program!("fixture-hostile");
pub(crate) const HOST: &str = program!("fixture-host");

/// The programs of tests that are about Unix alone.
#[cfg(unix)]
mod unix_programs {
    pub(crate) const CONFINED: &str = program!("fixture-confined");
    pub(crate) const STRANGER: &str = program!("fixture-stranger");
    pub(crate) const SURROUNDINGS: &str = program!("fixture-surroundings");
    pub(crate) const REFUSE: &str = program!("fixture-refuse");
    pub(crate) const TIGHT: &str = program!("fixture-tight");
    pub(crate) const SHORTAGE: &str = program!("fixture-shortage");
    pub(crate) const TOLD: &str = program!("fixture-told");
}
#[cfg(unix)]
pub(crate) use unix_programs::*;

/// The environment of one test.
pub(crate) struct TestEnv {
    temp: TempDir,
    /// The sockets of its plugins: each has to be gone at the end.
    noted: Mutex<BTreeSet<PathBuf>>,
}

/// Runs a test in an environment of its own. It fails if it takes longer than
/// [`TEST_TIMEOUT`], or if it leaves a process or a socket behind.
pub(crate) fn run_test(test: impl AsyncFnOnce(&TestEnv)) {
    let env = TestEnv { temp: tempfile::tempdir().unwrap(), noted: Mutex::default() };
    fs::create_dir(env.folder()).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(TEST_TIMEOUT, test(&env)).await });
    drop(runtime);
    done.expect("the test hangs");
    wait_until("no process of the test is left", || env.processes().is_empty());
    for socket in env.noted.lock().unwrap().iter() {
        assert!(!system::is_left(socket), "{} is left", socket.display());
    }
}

impl TestEnv {
    /// The folder of the plugins.
    pub(crate) fn folder(&self) -> PathBuf {
        self.temp.path().join("plugins")
    }

    /// A path outside the folder of the plugins.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// The path of a socket outside the folder of the plugins; a new one with each call where sockets are no
    /// files.
    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        socket_path(self.temp.path(), name)
    }

    /// A builder of a registry on the folder.
    pub(crate) fn registry(&self) -> RegistryBuilder {
        Registry::builder(self.folder()).env(MARKER, self.temp.path())
    }

    /// A registry that watches the folder.
    pub(crate) async fn watching(&self) -> Registry {
        self.registry().auto_discover(true).start().await.unwrap()
    }

    /// A command whose process belongs to the test.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env(MARKER, self.temp.path());
        command
    }

    /// Puts a file into the folder of the plugins atomically: by a rename.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        let temporary = self.folder().join(format!(".{name}"));
        fs::write(&temporary, content).unwrap();
        system::replace_file(&temporary, &path).unwrap();
        path
    }

    /// Puts a `.pconf` into the folder.
    pub(crate) fn put_pconf(&self, file: &str, keys: &Value) -> PathBuf {
        self.put(file, keys.to_string())
    }

    /// Installs a plugin by its program.
    pub(crate) fn install<P: PluginType>(&self, program: &str) -> PathBuf {
        self.put_pconf(&format!("{}.{}.pconf", P::NAMESPACE, P::NAME), &pconf::<P>(program))
    }

    /// Has the plugin of a program install itself, which writes what it needs into its file.
    pub(crate) fn install_itself(&self, program: &str) {
        let installed = self.command(program).arg("install").arg(self.folder()).output().unwrap();
        assert!(installed.status.success(), "{installed:?}");
    }

    /// Installs the plugin `math.Calculator`.
    pub(crate) fn install_calculator(&self) -> PathBuf {
        self.install::<Calculator>(CALCULATOR)
    }

    /// Installs the plugin `demo.Counter`, which is loaded lazily.
    pub(crate) fn install_counter(&self) -> PathBuf {
        self.install::<Counter>(COUNTER)
    }

    /// Installs the plugin `greeters.Polite`.
    pub(crate) fn install_polite(&self) -> PathBuf {
        let keys =
            json!({"Name": "Polite", "NameSpace": "greeters", "Protocol": 2, "Exec": [POLITE]});
        self.put_pconf("greeters.Polite.pconf", &keys)
    }

    /// The calculator of a registry, loaded.
    pub(crate) async fn load_calculator(&self, registry: &Registry) -> CalculatorClient {
        let calculator: CalculatorClient = registry.client().await.unwrap();
        self.note_socket(registry);
        calculator
    }

    /// A registry and the calculator in it.
    pub(crate) async fn calculator(&self) -> (Registry, CalculatorClient) {
        self.install_calculator();
        let registry = self.registry().start().await.unwrap();
        let calculator = self.load_calculator(&registry).await;
        (registry, calculator)
    }

    /// Remembers the socket of a plugin of this registry: the test fails if it is left at the end.
    pub(crate) fn note_socket(&self, registry: &Registry) -> PathBuf {
        let loaded = registry
            .discovered()
            .into_iter()
            .find_map(|plugin| registry.get(plugin.name(), plugin.namespace())?.socket());
        let socket = loaded.expect("no plugin is loaded");
        self.noted.lock().unwrap().insert(socket.clone());
        socket
    }

    /// The processes that belong to the test.
    pub(crate) fn processes(&self) -> Vec<u32> {
        system::processes_with(MARKER, self.temp.path().as_os_str())
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        // A test that failed may leave processes and sockets, which must not disturb later runs.
        for process in self.processes() {
            kill(process);
        }
        let noted = self.noted.get_mut().unwrap_or_else(PoisonError::into_inner);
        noted.iter().for_each(|socket| system::remove(socket));
    }
}

/// The keys of a `.pconf` that starts a plugin by its program.
pub(crate) fn pconf<P: PluginType>(program: &str) -> Value {
    json!({
        "Name": P::NAME,
        "NameSpace": P::NAMESPACE,
        "Protocol": 2,
        "LazyLoad": P::LAZY_LOAD,
        "Exec": [program],
    })
}

/// The socket that a `.pconf` names.
pub(crate) fn socket_in(pconf: &Path) -> PathBuf {
    let keys: Value = serde_json::from_slice(&fs::read(pconf).unwrap()).unwrap();
    keys["Sock"].as_str().unwrap().into()
}

/// The SHA-256 of a file.
pub(crate) fn digest(path: &Path) -> String {
    Sha256::of_file(&File::open(path).unwrap()).unwrap()
}

/// Copies a program.
pub(crate) fn copy_program(from: impl AsRef<Path>, to: &Path) {
    system::copy_program(from.as_ref(), to).unwrap();
}

/// Whether there is a Python 3 here. Says so if not.
pub(crate) fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output();
    found.inspect_err(|error| eprintln!("not checked: python3 cannot be run: {error}")).is_ok()
}

/// Waits for a condition; fails if it is not true within [`WAIT_TIMEOUT`].
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < WAIT_TIMEOUT, "it did not come true that {what}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// As [`until`], of a condition that is a question to a plugin.
pub(crate) async fn until_asked(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let look = async {
        while !condition().await {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    soon(what, look).await;
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < WAIT_TIMEOUT, "it did not come true that {what}");
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Waits for a future; fails if it does not complete within [`WAIT_TIMEOUT`].
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(WAIT_TIMEOUT, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}

/// Reads events up to and including the first that is wanted, and returns all of them.
pub(crate) async fn read_until(
    events: &mut Events,
    what: &str,
    mut wanted: impl FnMut(&Event) -> bool,
) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        let next = tokio::time::timeout(WAIT_TIMEOUT, events.next()).await;
        let Ok(Some(event)) = next else { panic!("{what} did not come, only {seen:#?}") };
        let found = wanted(&event);
        seen.push(event);
        if found {
            return seen;
        }
    }
}

/// Registers a raw handler that passes on what it hears.
pub(crate) async fn listen(
    plugin: &Plugin,
    callback: &str,
) -> (Subscription, UnboundedReceiver<Bytes>) {
    let (sender, heard) = unbounded_channel();
    let handler = move |data| {
        sender.send(data).unwrap();
        async {}
    };
    (plugin.register_callback(callback, handler).await.unwrap(), heard)
}

/// Whether an event is of this kind and of this plugin, written as `namespace.name`.
pub(crate) fn is(kind: Kind, plugin: &str) -> impl FnMut(&Event) -> bool {
    move |event| {
        let of = match (kind, event) {
            (Kind::Discovered, Event::Discovered { plugin })
            | (Kind::Changed, Event::Changed { plugin })
            | (Kind::Loaded, Event::Loaded { plugin })
            | (Kind::Stopped, Event::Stopped { plugin })
            | (Kind::Crashed, Event::Crashed { plugin, .. })
            | (Kind::ContractDrift, Event::ContractDrift { plugin, .. })
            | (Kind::GivenUp, Event::GivenUp { plugin, .. })
            | (Kind::Restarted, Event::Restarted { plugin })
            | (Kind::Upgraded, Event::Upgraded { plugin })
            | (Kind::Removed, Event::Removed { plugin }) => plugin,
            _ => return false,
        };
        of.to_string() == plugin
    }
}

/// The kinds of events that tests wait for by the name of the plugin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Discovered,
    Changed,
    Loaded,
    Stopped,
    Crashed,
    ContractDrift,
    GivenUp,
    Restarted,
    Upgraded,
    Removed,
}
