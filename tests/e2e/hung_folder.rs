//! A folder on a file system that answers nothing. Every operation ends in time, and neither the
//! runtime nor another registry waits for it.
//!
//! These tests need root, `/dev/fuse`, `unshare` and Python; without them they say so and pass.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use goplug::{Error, Registry, Sandbox, limits};
use goplug_tests::fixtures::confined::Confined;
use rustix::thread::UnshareFlags;
use serde_json::json;

use crate::test_env::{CONFINED, TestEnv, WAIT_TIMEOUT, pconf, run_test, soon};

/// The file system, in a mount namespace of its own. Dropping this ends it.
struct SilentMount {
    process: Child,
    folder: PathBuf,
}

impl SilentMount {
    /// `None`, with the reason on standard error, if there can be none here.
    fn new(env: &TestEnv) -> Option<Self> {
        let point = env.path("silent");
        std::fs::create_dir(&point).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/hung_folder.py");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "--kill-child", "python3"]);
        let process = mount(command.arg(script).arg(&point))?;
        // The path leads into the other namespace, so nothing has to be unmounted here.
        let within = point.strip_prefix("/").unwrap();
        let folder = Path::new("/proc").join(process.id().to_string()).join("root").join(within);
        Some(Self { process, folder })
    }

    /// In a mount namespace of this thread, so that paths lead to it without a link.
    fn of_this_thread(env: &TestEnv) -> Option<Self> {
        let folder = env.path("silent");
        std::fs::create_dir(&folder).unwrap();
        #[allow(deprecated, reason = "it is unsafe only where it unshares descriptors")]
        if let Err(error) = rustix::thread::unshare(UnshareFlags::NEWNS) {
            return skip(&format!("unshare: {error}"));
        }
        let status = Command::new("mount").args(["--make-rprivate", "/"]).status();
        if !status.is_ok_and(|status| status.success()) {
            return skip("mounts cannot be made private");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/hung_folder.py");
        let process = mount(Command::new("python3").arg(script).arg(&folder))?;
        Some(Self { process, folder })
    }
}

/// Starts the program that mounts the file system; `None`, with the reason on standard error, if it cannot.
fn mount(command: &mut Command) -> Option<Child> {
    let mut process = match command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(process) => process,
        Err(error) => return skip(&format!("{command:?}: {error}")),
    };
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.trim() != "mounted" {
        let mut reason = String::new();
        process.stderr.take().unwrap().read_to_string(&mut reason).unwrap();
        process.wait().unwrap();
        return skip(reason.trim());
    }
    Some(process)
}

impl Drop for SilentMount {
    fn drop(&mut self) {
        // The kernel then ends all waits for the file system with an error.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn skip<T>(reason: &str) -> Option<T> {
    eprintln!("skipped: there can be no file system that answers nothing: {reason}");
    None
}

fn assert_silent(error: &Error, folder: &Path) {
    let Error::Rejected { path, reason } = error else { panic!("{error:?}") };
    assert_eq!(path, folder);
    assert!(reason.contains("has not answered within 5s"), "{reason}");
}

/// Starts a registry on the folder, uses it, and stops it.
async fn use_all_of(folder: &Path, auto_discover: bool) {
    let builder = Registry::builder(folder).auto_discover(auto_discover);
    let registry = soon("the start", builder.start()).await.unwrap();
    assert_eq!(registry.rejected().len(), 1);
    let error = soon("the load", registry.load("A", "")).await.unwrap_err();
    assert_silent(&error, folder);
    let error = soon("the reload", registry.reload("A", "")).await.unwrap_err();
    assert_silent(&error, folder);
    assert!(registry.get("A", "").is_none());
    soon("the stop", registry.stop()).await.unwrap();
}

#[test]
fn operations_on_a_folder_that_answers_nothing_end_in_time() {
    run_test(async |env| {
        let Some(mount) = SilentMount::new(env) else { return };
        for auto_discover in [false, true] {
            use_all_of(&mount.folder, auto_discover).await;
        }
    });
}

#[test]
fn a_folder_that_answers_nothing_holds_up_no_runtime_and_no_other_registry() {
    run_test(async |env| {
        let Some(mount) = SilentMount::new(env) else { return };
        let folder = mount.folder.clone();
        let used = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.unwrap();
            runtime.block_on(async {
                let silent = tokio::spawn(Registry::builder(folder).auto_discover(true).start());
                // The only thread of the runtime is free meanwhile.
                let began = Instant::now();
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert!(began.elapsed() < limits::FOLDER_TIMEOUT);
                silent.await.unwrap().unwrap()
            });
            // Returns although a thread still waits for the folder.
            drop(runtime);
        });
        let (_registry, calculator) = env.calculator().await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        let ended = tokio::task::spawn_blocking(move || used.join().unwrap());
        soon("the end of the runtime", ended).await.unwrap();
    });
}

#[test]
fn a_blocking_registry_on_a_folder_that_answers_nothing_ends_in_time() {
    run_test(async |env| {
        let Some(mount) = SilentMount::new(env) else { return };
        let folder = mount.folder.clone();
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let registry = Registry::builder(&folder).start_blocking().unwrap();
            assert_silent(&registry.load("A", "").unwrap_err(), &folder);
            registry.stop().unwrap();
            drop(registry);
            done.send(()).unwrap();
        });
        is_done.recv_timeout(WAIT_TIMEOUT).expect("it takes too long, or failed");
    });
}

#[test]
fn paths_that_a_plugin_asks_for_and_that_answer_nothing_hold_up_no_stop_and_one_thread() {
    run_test(async |env| {
        std::thread::scope(|scope| {
            scope.spawn(|| ask_for_silent_paths(env));
        });
    });
}

fn ask_for_silent_paths(env: &TestEnv) {
    let Some(mount) = SilentMount::of_this_thread(env) else { return };
    let mut keys = pconf::<Confined>(CONFINED);
    keys["Permissions"] = json!({"read": [mount.folder.join("a")]});
    env.put_pconf("test.Confined.pconf", &keys);
    let sandbox = Sandbox::new().read("/usr").least_privilege();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let builder = env.registry().sandbox(sandbox).start_timeout(Duration::from_millis(100));
        let registry = builder.start().await.unwrap();
        let load = || soon("the load", registry.load("Confined", "test"));
        let error = load().await.unwrap_err().to_string();
        assert!(error.contains("has not answered within"), "{error}");
        let error = load().await.unwrap_err().to_string();
        assert!(error.contains("has not answered since an earlier start"), "{error}");
        soon("the stop", registry.stop()).await.unwrap();

        let registry = env.registry().sandbox(Sandbox::new().least_privilege());
        let registry = registry.start().await.unwrap();
        let mut load = Box::pin(registry.load("Confined", "test"));
        let is_looking = tokio::time::timeout(Duration::from_millis(100), &mut load).await.is_err();
        assert!(is_looking);
        let (stopped, loaded) = tokio::join!(soon("the stop", registry.stop()), load);
        stopped.unwrap();
        assert!(matches!(loaded, Err(Error::Stopped)), "{loaded:?}");
    });
}
