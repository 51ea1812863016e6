//! A plugin's program that serves a port of this machine.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use goplug_tests::system;

pub(crate) const CALCULATOR: &str = env!("CARGO_BIN_EXE_fixture-calculator");
pub(crate) const INTAKE: &str = env!("CARGO_BIN_EXE_fixture-intake");
pub(crate) const REPORT: &str = env!("CARGO_BIN_EXE_fixture-report");

/// How long a test waits for what has to happen.
pub(crate) const WAIT: Duration = Duration::from_secs(40);

/// A program that serves.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    errors: Receiver<String>,
}

impl Serving {
    /// Starts the program on a free port, with these further arguments, and waits until it takes calls.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, errors) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let url = loop {
            let line = errors.recv_timeout(WAIT).expect("the program serves");
            if let Some((_, url)) = line.split_once(" listens on ") {
                break url.to_owned();
            }
        };
        let address = url.split_once("://").unwrap().1.parse().unwrap();
        Self { child, url, address, errors }
    }

    /// The next line of standard error that has this text.
    pub(crate) fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.errors.recv_timeout(WAIT).expect(text);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Asks the program to end, as an engine does; `false` where nothing can.
    pub(crate) fn terminate(&self) -> bool {
        system::terminate(self.child.id())
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < WAIT, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs a test with a runtime.
pub(crate) fn run_test(test: impl AsyncFnOnce()) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime
        .block_on(async { tokio::time::timeout(WAIT * 2, test()).await })
        .expect("the test hangs");
}
