//! For any bytes: the connection ends, and every other connection is served as before.

#![no_main]

use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use goplug_fuzz::pieces;
use goplug_runtime::Error;
use goplug_runtime::plugin::PluginServer;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// How long an input may take, from its first byte to the end of its connection.
const DEADLINE: Duration = Duration::from_secs(10);

/// The statuses of the protocol, and those with which hyper refuses malformed requests.
const STATUSES: [&str; 10] = ["100", "200", "400", "408", "413", "414", "422", "431", "503", "505"];

/// A running plugin, and a connection that sends valid requests only.
struct Plugin {
    server: PluginServer,
    witness: UnixStream,
}

/// The state that is kept from one input to the next.
struct Stage {
    folder: TempDir,
    runtime: Runtime,
    plugin: Option<Plugin>,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let entered = runtime.enter();
        // Rust's own `main` ignores SIGPIPE; here `main` is libFuzzer's.
        drop(signal(SignalKind::pipe()).expect("a handler"));
        drop(entered);
        Self { folder, runtime, plugin: None }
    }
}

fuzz_target!(|input: &[u8]| {
    STAGE.with_borrow_mut(|stage| {
        let Stage { folder, runtime, plugin } = stage;
        runtime.block_on(async {
            let mut running = match plugin.take() {
                Some(running) => running,
                None => Plugin::start(folder).await,
            };
            let survives = timeout(DEADLINE, running.take(input)).await.expect("it hangs");
            *plugin = survives.then_some(running);
        });
    });
});

impl Plugin {
    async fn start(folder: &TempDir) -> Self {
        let builder = PluginServer::builder("Fuzz")
            .location(folder.path())
            .body_limit(1024)
            .stop_timeout(Duration::from_millis(10))
            // A host whose connection has ended is forgotten at once; else `notify` would wait
            // for it.
            .callback_resume(Duration::ZERO)
            .method("main.Echo", |input: Bytes| async move { Ok::<_, Error>(input) });
        let server = builder.build().expect("it is a plugin");
        server.start().await.expect("it starts");
        let socket = server.socket().expect("it has a socket");
        let witness = UnixStream::connect(socket).await.expect("it listens");
        let mut plugin = Self { server, witness };
        let answer = plugin.ask("Activate", "").await.expect("it is activated");
        assert!(answer.ends_with("[\"main.Echo\"]"), "{answer}");
        plugin
    }

    /// Sends an input. Returns whether the plugin still runs; it must, unless the input asked it
    /// to stop.
    async fn take(&mut self, input: &[u8]) -> bool {
        let socket = self.server.socket().expect("it has a socket");
        let stream = UnixStream::connect(socket).await.expect("it listens");
        let (mut from, mut to) = stream.into_split();
        let mut answer = Vec::new();
        let (sent, ended) = (Cell::new(false), Cell::new(false));
        let receive = async {
            // A connection that is closed with unread bytes is reset: that ends it as well.
            while let Ok(1..) = from.read_buf(&mut answer).await {
                // A callback stream lasts for as long as its host reads it.
                if sent.get() && is_stream(&answer) {
                    break;
                }
            }
            ended.set(true);
        };
        let send = async {
            for piece in pieces(input) {
                // The plugin may have refused the input and closed the connection already.
                let _ = to.write_all(piece).await;
                tokio::task::yield_now().await;
            }
            let goes_on = self.is_well().await;
            self.call_back().await;
            drop(to);
            sent.set(true);
            // A GoPlug 1 host that asks for a callback gets no response until there is one, and
            // its next requests wait behind it.
            let mut turn = 0;
            while goes_on && !ended.get() {
                turn += 1;
                match turn % 8 {
                    0 => tokio::time::sleep(Duration::from_millis(1)).await,
                    _ => tokio::task::yield_now().await,
                }
                self.call_back().await;
            }
            goes_on
        };
        let ((), goes_on) = tokio::join!(receive, send);
        assert!(answer.is_empty() || is_response(&answer), "{}", answer.escape_ascii());
        if goes_on && self.is_well().await {
            return true;
        }
        assert!(asks_for_a_stop(input), "it stopped without being asked to");
        self.server.stopped().await;
        false
    }

    /// Checks that the witness gets the right response. Returns `false` while the plugin stops.
    async fn is_well(&mut self) -> bool {
        match self.ask("main.Echo", "still here").await {
            Some(answer) if answer.starts_with("HTTP/1.1 503 ") => false,
            Some(answer) => {
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                assert!(answer.ends_with("\r\n\r\nstill here"), "{answer}");
                true
            }
            None => false,
        }
    }

    /// Calls every callback that a host has registered.
    async fn call_back(&self) {
        for callback in self.server.callbacks() {
            match self.server.notify(&callback.name, "news").await {
                Ok(()) | Err(Error::NotRegistered { .. } | Error::Stopped) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Sends a request on the witness and reads its response; `None` if the connection ends.
    async fn ask(&mut self, method: &str, body: &str) -> Option<String> {
        let length = body.len();
        let request =
            format!("POST /{method} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");
        self.witness.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            if self.witness.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
        }
        Some(String::from_utf8(answer).expect("it is text"))
    }
}

/// Whether a response with a length is complete.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").expect("it has a length").1;
    let length: usize = length.lines().next().unwrap_or_default().parse().expect("a number");
    body.len() >= length
}

fn is_response(answer: &[u8]) -> bool {
    let line = String::from_utf8_lossy(answer.split(|&b| b == b'\n').next().unwrap_or_default());
    let mut words = line.split(' ');
    words.next().is_some_and(|version| ["HTTP/1.0", "HTTP/1.1"].contains(&version))
        && words.next().is_some_and(|status| STATUSES.contains(&status))
}

/// Whether one of these responses is a callback stream.
fn is_stream(answer: &[u8]) -> bool {
    let media_type = b"text/event-stream";
    answer.windows(media_type.len()).any(|window| window == media_type)
}

/// Whether the input contains the path `/Stop`, percent-encoded or not.
fn asks_for_a_stop(input: &[u8]) -> bool {
    let mut decoded = Vec::new();
    let mut rest = input;
    while let [byte, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) if *byte == b'%' => {
                decoded.push(code);
                rest = &tail[2..];
            }
            _ => {
                decoded.push(*byte);
                rest = tail;
            }
        }
    }
    decoded.windows(5).any(|window| window == b"/Stop")
}
