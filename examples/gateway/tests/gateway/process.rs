//! The process of a gateway, in a folder of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::Client;

/// The program of the plugin.
pub(crate) const SCAN: &str = env!("CARGO_BIN_EXE_gateway-scan");

/// The same in Python.
pub(crate) const WORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/words.py");

/// How long a test waits for a condition: long enough for a busy machine.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// A gateway with one plugin. Dropping this kills it.
pub(crate) struct Gateway {
    process: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
    folder: TempDir,
}

/// Runs a test, which fails if it takes too long.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(3 * WAIT, test).await });
    done.expect("the test hangs");
}

/// Waits until this is true.
pub(crate) async fn until(what: &str, is_true: impl Fn() -> bool, context: impl Fn() -> String) {
    let began = Instant::now();
    while !is_true() {
        assert!(began.elapsed() < WAIT, "{what} did not come: {}", context());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Sends a signal to a process.
pub(crate) fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill").args(["-s", signal, &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

impl Gateway {
    /// Starts a gateway, and waits until its plugin is loaded.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        install(SCAN.as_ref(), folder.path());
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
        command.arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let log = collect(process.stderr.take().unwrap());
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("{first:?} {}", log.lock().unwrap()));
        let gateway = Self { process, address: address.parse().unwrap(), log, folder };
        let mut client = gateway.client().await;
        while client.get("/health").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        gateway
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Installs the plugin again, by another program.
    pub(crate) fn install(&self, program: &Path) {
        install(program, self.folder());
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        kill("TERM", self.process.id());
    }

    /// Waits for its end.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < WAIT, "it does not end: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops it in good order.
    pub(crate) async fn stop(mut self) {
        self.terminate();
        let status = self.exit().await;
        assert!(status.success(), "{status}: {}", self.log());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn install(program: &Path, folder: &Path) {
    let installed = Command::new(program).arg("install").arg(folder).output().unwrap();
    assert!(installed.status.success(), "{installed:?}");
}

/// Reads a log to its end, on a thread that ends with it.
fn collect(from: ChildStderr) -> Arc<Mutex<String>> {
    let log = Arc::<Mutex<String>>::default();
    let to = Arc::clone(&log);
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|length| length > 0) {
            to.lock().unwrap().push_str(&std::mem::take(&mut line));
        }
        drop(from.read_to_end(&mut Vec::new()));
    });
    log
}
