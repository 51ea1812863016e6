//! Where a test takes place: folders of its own, a runtime of its own, and at the end the
//! proof that nothing of it is left.
//!
//! Every process that a registry of the stage starts, and whatever those start, carries a
//! variable of the stage in its environment. So a process that was left behind is found,
//! even one whose parent is gone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::future::Future;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use goplug::{Event, Events, PluginType, Registry, RegistryBuilder};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use goplug_tests::fixtures::counter::Counter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a condition may take to come true on a machine that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// The variable by which the processes of a stage are known.
const MARKER: &str = "GOPLUG_TEST_STAGE";

/// The fixtures' programs.
pub(crate) const CALCULATOR: &str = env!("CARGO_BIN_EXE_fixture-calculator");
pub(crate) const COUNTER: &str = env!("CARGO_BIN_EXE_fixture-counter");
pub(crate) const POLITE: &str = env!("CARGO_BIN_EXE_fixture-polite");
pub(crate) const RUDE: &str = env!("CARGO_BIN_EXE_fixture-rude");
pub(crate) const CONFINED: &str = env!("CARGO_BIN_EXE_fixture-confined");
pub(crate) const STRANGER: &str = env!("CARGO_BIN_EXE_fixture-stranger");
pub(crate) const MISBEHAVING: &str = env!("CARGO_BIN_EXE_fixture-misbehaving");
pub(crate) const LONELY_HOST: &str = env!("CARGO_BIN_EXE_fixture-lonely-host");

/// One test's surroundings.
pub(crate) struct Stage {
    temp: TempDir,
    runtime_folders: Mutex<BTreeSet<PathBuf>>,
}

/// Runs a test on a stage. It fails if it hangs, or if it leaves a process or the folder of
/// a registry's sockets behind.
pub(crate) fn stage(test: impl AsyncFnOnce(&Stage)) {
    let stage = Stage { temp: tempfile::tempdir().unwrap(), runtime_folders: Mutex::default() };
    fs::create_dir(stage.folder()).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(LIMIT, test(&stage)).await });
    drop(runtime);
    done.expect("the test hangs");
    wait_until("no process of the test is left", || stage.processes().is_empty());
    for folder in stage.runtime_folders.lock().unwrap().iter() {
        assert!(!folder.exists(), "{} is left", folder.display());
    }
}

impl Stage {
    /// The folder of the plugins.
    pub(crate) fn folder(&self) -> PathBuf {
        self.temp.path().join("plugins")
    }

    /// A path outside the folder of the plugins.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// A registry on the folder, to be set up further.
    pub(crate) fn registry(&self) -> RegistryBuilder {
        Registry::builder(self.folder()).env(MARKER, self.temp.path())
    }

    /// A registry that watches the folder.
    pub(crate) async fn watching(&self) -> Registry {
        self.registry().auto_discover(true).start().await.unwrap()
    }

    /// A command whose process belongs to the stage.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env(MARKER, self.temp.path());
        command
    }

    /// Puts a file into the folder of the plugins, whole at once.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        let temporary = self.folder().join(format!(".{name}"));
        fs::write(&temporary, content).unwrap();
        fs::rename(temporary, &path).unwrap();
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

    /// Installs the plugin `math.Calculator`.
    pub(crate) fn install_calculator(&self) -> PathBuf {
        self.install::<Calculator>(CALCULATOR)
    }

    /// Installs the plugin `demo.Counter`, which asks for lazy loading.
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
        self.note_runtime_folder(registry);
        calculator
    }

    /// A registry and the calculator in it.
    pub(crate) async fn calculator(&self) -> (Registry, CalculatorClient) {
        self.install_calculator();
        let registry = self.registry().start().await.unwrap();
        let calculator = self.load_calculator(&registry).await;
        (registry, calculator)
    }

    /// Notes where the sockets of a registry are, to see in the end that they are gone.
    pub(crate) fn note_runtime_folder(&self, registry: &Registry) -> PathBuf {
        let loaded = registry
            .discovered()
            .into_iter()
            .find_map(|plugin| registry.get(plugin.name(), plugin.namespace())?.socket());
        let folder = loaded.expect("no plugin is loaded").parent().unwrap().to_owned();
        self.runtime_folders.lock().unwrap().insert(folder.clone());
        folder
    }

    /// The processes that belong to the stage.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mut line = format!("{MARKER}=").into_bytes();
        line.extend_from_slice(self.temp.path().as_os_str().as_bytes());
        let is_ours = |process: &u32| {
            let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == line)
        };
        let entries = fs::read_dir("/proc").unwrap();
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        numbers.filter(is_ours).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A test that has failed may leave processes; the next run should not meet them.
        for process in self.processes() {
            kill(process);
        }
        let folders = self.runtime_folders.get_mut().unwrap_or_else(PoisonError::into_inner);
        for folder in folders.iter() {
            drop(fs::remove_dir_all(folder));
        }
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

/// Copies a program, by another process: what a test has open for writing, a process that
/// another test starts at that moment has open too, and then it cannot be run.
pub(crate) fn copy_program(from: impl AsRef<Path>, to: &Path) {
    let copied = Command::new("cp").arg(from.as_ref()).arg(to).status().unwrap();
    assert!(copied.success(), "{}: {copied}", to.display());
}

/// Kills a process; it may be gone already.
pub(crate) fn kill(process: u32) {
    let pid = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

/// Whether there is a process of this number, be it one that waits to be reaped.
pub(crate) fn exists(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// Waits for a condition, and fails where it does not come true.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < PATIENCE, "it did not come true that {what}");
        tokio::time::sleep(GLANCE).await;
    }
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < PATIENCE, "it did not come true that {what}");
        std::thread::sleep(GLANCE);
    }
}

/// Waits for something, and fails where it does not come.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}

/// Reads events up to and including the first that is wanted; answers with all of them.
pub(crate) async fn read_until(
    events: &mut Events,
    what: &str,
    mut wanted: impl FnMut(&Event) -> bool,
) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, events.next()).await;
        let Ok(Some(event)) = next else { panic!("{what} did not come, only {seen:#?}") };
        let found = wanted(&event);
        seen.push(event);
        if found {
            return seen;
        }
    }
}

/// Whether an event is of this plugin, written as `namespace.name`.
pub(crate) fn is(kind: Kind, plugin: &str) -> impl FnMut(&Event) -> bool {
    move |event| {
        let of = match (kind, event) {
            (Kind::Discovered, Event::Discovered { plugin })
            | (Kind::Changed, Event::Changed { plugin })
            | (Kind::Loaded, Event::Loaded { plugin })
            | (Kind::Stopped, Event::Stopped { plugin })
            | (Kind::Crashed, Event::Crashed { plugin, .. })
            | (Kind::Restarted, Event::Restarted { plugin })
            | (Kind::Upgraded, Event::Upgraded { plugin })
            | (Kind::Removed, Event::Removed { plugin }) => plugin,
            _ => return false,
        };
        of.to_string() == plugin
    }
}

/// The kinds of events that a test waits for by the plugin's name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Discovered,
    Changed,
    Loaded,
    Stopped,
    Crashed,
    Restarted,
    Upgraded,
    Removed,
}
