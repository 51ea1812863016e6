//! The two programs, as their users run them.

use std::future::Future;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use goplug::{Plugin as Handle, Registry};
use tempfile::TempDir;

/// A test that takes longer than this fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The plugin's process. Dropping this kills it.
struct Plugin {
    process: Option<Child>,
    folder: TempDir,
}

impl Plugin {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_raw-plugin"));
        let process = command.arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
        Self { process: Some(process), folder }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A registry that has found the plugin, and the plugin.
    async fn load(&self) -> (Registry, Handle) {
        let registry = Registry::builder(self.folder()).auto_discover(true).start().await.unwrap();
        let mut events = registry.events();
        while !registry.is_loaded("Do", "Test") {
            events.next().await.expect("the registry goes on");
        }
        let plugin = registry.load("Do", "Test").await.unwrap();
        (registry, plugin)
    }

    /// Sends a signal to the process, and waits for its end.
    fn end(&mut self, signal: &str) -> Output {
        let process = self.process.take().unwrap();
        let kill = Command::new("kill").args(["-s", signal, &process.id().to_string()]).status();
        assert!(kill.unwrap().success());
        process.wait_with_output().unwrap()
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await });
    done.expect("the test hangs");
}

#[test]
fn a_callback_that_nobody_hears_does_not_end_the_plugin() {
    run(async {
        let mut plugin = Plugin::start();
        let (registry, handle) = plugin.load().await;
        for _ in 0..3 {
            assert_eq!(handle.execute("main.Trigger", "tick").await.unwrap(), "scheduled");
        }
        assert_eq!(handle.execute("main.Do", "hello").await.unwrap(), "HELLO");
        registry.stop().await.unwrap();
        let output = plugin.end("TERM");
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("plugin: nobody listens"));
    });
}

#[test]
fn a_signal_ends_the_plugin_and_removes_its_files() {
    run(async {
        for signal in ["TERM", "INT"] {
            let mut plugin = Plugin::start();
            let (registry, _) = plugin.load().await;
            let files =
                || std::fs::read_dir(plugin.folder()).unwrap().flatten().collect::<Vec<_>>();
            assert_eq!(files().len(), 2, "{:?}", files());
            let _running = registry;
            let output = plugin.end(signal);
            assert!(output.status.success(), "{output:?}");
            let left: Vec<_> = std::fs::read_dir(plugin.folder()).unwrap().flatten().collect();
            assert!(left.is_empty(), "{left:?}");
        }
    });
}

#[test]
fn the_host_shows_what_the_plugin_can_do_and_leaves_it() {
    let mut plugin = Plugin::start();
    for _ in 0..2 {
        let host = Command::new(env!("CARGO_BIN_EXE_raw-host")).arg(plugin.folder()).output();
        let host = host.unwrap();
        let text = String::from_utf8_lossy(&host.stdout);
        assert!(host.status.success() && text.contains("callback with b\"tick\""), "{host:?}");
    }
    assert!(plugin.end("TERM").status.success());
}
