//! A method that takes a stream sees the items that the decoder alone reads, however the body arrives,
//! and takes none for complete that has not come to its end.

#![no_main]

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use goplug::{Incoming, IncomingError, PluginServer};
use goplug_fuzz::pieces;
use goplug_runtime::http1::{BodyLength, BodyProgress, BodyStream, Buffer};
use goplug_runtime::protocol::event_stream::{Decoder, Event};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// How long an input may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// The largest event, in bytes.
const LIMIT: usize = 256;

/// Takes what is sent.
#[goplug::plugin(namespace = "fuzz")]
pub struct Intake;

/// Takes values.
#[goplug::method(Intake)]
pub async fn values(mut items: Incoming<Value>) {
    note(|seen| *seen = Seen { has_begun: true, ..Seen::default() });
    while let Some(item) = items.next().await {
        note(|seen| match item {
            Ok(item) => seen.items.push(item),
            Err(error) => seen.end = Some(Err(error)),
        });
    }
    note(|seen| {
        seen.end.get_or_insert(Ok(()));
    });
}

/// Takes bytes.
#[goplug::method(Intake)]
pub async fn bytes(mut items: Incoming<Vec<u8>>) {
    note(|seen| *seen = Seen { has_begun: true, ..Seen::default() });
    while let Some(item) = items.next().await {
        note(|seen| match item {
            Ok(item) => seen.bytes.extend(item),
            Err(error) => seen.end = Some(Err(error)),
        });
    }
    note(|seen| {
        seen.end.get_or_insert(Ok(()));
    });
}

/// What the method has seen of its stream.
#[derive(Debug, Default)]
struct Seen {
    has_begun: bool,
    items: Vec<Value>,
    bytes: Vec<u8>,
    /// `None` if it was dropped before the stream has ended.
    end: Option<Result<(), IncomingError>>,
}

static SEEN: Mutex<Seen> =
    Mutex::new(Seen { has_begun: false, items: Vec::new(), bytes: Vec::new(), end: None });

fn note<R>(note: impl FnOnce(&mut Seen) -> R) -> R {
    note(&mut SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The state that is kept from one input to the next.
struct Stage {
    runtime: Runtime,
    server: PluginServer,
    _folder: TempDir,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let server = runtime.block_on(async {
            // Rust's own `main` ignores SIGPIPE; here `main` is libFuzzer's.
            drop(signal(SignalKind::pipe()).expect("a handler"));
            let builder = PluginServer::of::<Intake>().expect("it is a plugin");
            let server = builder.location(folder.path()).body_limit(LIMIT).build();
            let server = server.expect("it is a plugin");
            server.start().await.expect("it starts");
            let mut stream = connect(&server).await;
            send(&mut stream, "Activate", &[b"0\r\n\r\n"]).await;
            assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
            server
        });
        Self { runtime, server, _folder: folder }
    }
}

fuzz_target!(|input: &[u8]| {
    STAGE.with_borrow_mut(|Stage { runtime, server, .. }| {
        runtime.block_on(async {
            // As the body itself, and as its data.
            take(server, &pieces(input)).await;
            let mut chunks: Vec<Vec<u8>> = pieces(input).into_iter().filter_map(chunk).collect();
            chunks.push(b"0\r\n\r\n".to_vec());
            take(server, &chunks).await;
        });
    });
});

fn chunk(data: &[u8]) -> Option<Vec<u8>> {
    let size = format!("{:x}\r\n", data.len()).into_bytes();
    (!data.is_empty()).then(|| [&size, data, b"\r\n"].concat())
}

/// Sends a body to both methods, and checks what they see.
async fn take(server: &PluginServer, pieces: &[impl AsRef<[u8]>]) {
    let body: Vec<u8> = pieces.iter().flat_map(|piece| piece.as_ref()).copied().collect();
    let (data, end) = data_of(&body);
    for (method, check) in [("values", check_values as Check), ("bytes", check_bytes as Check)] {
        note(|seen| *seen = Seen::default());
        let call = call(server, method, pieces, end != BodyEnd::Missing);
        timeout(DEADLINE, call).await.expect("it hangs");
        note(|seen| check(seen, &data, end));
    }
}

type Check = fn(&Seen, &[u8], BodyEnd);

/// Makes a call, and waits for its answer, or for the end of the connection.
async fn call(server: &PluginServer, method: &str, pieces: &[impl AsRef<[u8]>], is_whole: bool) {
    let mut stream = connect(server).await;
    send(&mut stream, method, pieces).await;
    if is_whole {
        answer(&mut stream).await;
    } else {
        let _ = stream.shutdown().await;
        while let Ok(1..) = stream.read_buf(&mut Vec::with_capacity(512)).await {}
    }
}

async fn connect(server: &PluginServer) -> UnixStream {
    UnixStream::connect(server.socket().expect("it has a socket")).await.expect("it listens")
}

async fn send(stream: &mut UnixStream, method: &str, pieces: &[impl AsRef<[u8]>]) {
    let head = format!("POST /{method} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    // The plugin may have refused the body and closed the connection already.
    let _ = stream.write_all(head.as_bytes()).await;
    for piece in pieces {
        let _ = stream.write_all(piece.as_ref()).await;
        tokio::task::yield_now().await;
    }
}

/// Reads to the end of a response's head, or of the connection.
async fn answer(stream: &mut UnixStream) -> String {
    let mut read = Vec::new();
    while !read.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read_buf(&mut read).await {
            Ok(1..) => {}
            _ => break,
        }
    }
    String::from_utf8(read).expect("it is text")
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyEnd {
    Whole,
    Invalid,
    Missing,
}

/// The data of a body that arrives at once.
fn data_of(body: &[u8]) -> (Vec<u8>, BodyEnd) {
    let (mut stream, mut buffer) = (BodyStream::of_request(BodyLength::Unknown), Buffer::default());
    buffer.put(body);
    let mut data = Vec::new();
    loop {
        match stream.next(&mut buffer) {
            Ok(BodyProgress::Data(count)) => data.extend_from_slice(&buffer.take(count)),
            Ok(BodyProgress::End) => return (data, BodyEnd::Whole),
            Ok(BodyProgress::More) => return (data, BodyEnd::Missing),
            Err(_) => return (data, BodyEnd::Invalid),
        }
    }
}

fn check_bytes(seen: &Seen, data: &[u8], end: BodyEnd) {
    assert!(data.starts_with(&seen.bytes), "{seen:?}");
    match (&seen.end, end) {
        (Some(Ok(())), BodyEnd::Whole) => assert_eq!(seen.bytes, data),
        // A trailer may say why the sender has failed.
        (
            Some(Err(IncomingError::CutOff { .. } | IncomingError::Sender { .. })),
            BodyEnd::Invalid,
        ) => {
            assert_eq!(seen.bytes, data);
        }
        (None | Some(Err(IncomingError::CutOff { .. })), BodyEnd::Missing) => {}
        _ => panic!("{end:?}, and {seen:?}"),
    }
}

/// What the events of a stream say.
struct Expected {
    /// The first event is that of the arguments.
    has_arguments: bool,
    has_event: bool,
    items: Vec<Value>,
    /// Whether the event came that says that no item follows.
    is_complete: bool,
}

fn check_values(seen: &Seen, data: &[u8], end: BodyEnd) {
    let expected = expected(data);
    assert!(expected.items.starts_with(&seen.items), "{seen:?}, not {:?}", expected.items);
    if !seen.has_begun {
        let begins = expected.has_event && !expected.has_arguments && end != BodyEnd::Missing;
        assert!(!begins, "it has not begun");
        return;
    }
    match &seen.end {
        Some(Ok(())) => assert!(expected.is_complete && expected.items == seen.items, "{seen:?}"),
        Some(Err(_)) if end == BodyEnd::Missing => {}
        Some(Err(_)) => assert!(!expected.is_complete && expected.items == seen.items, "{seen:?}"),
        None => assert_eq!(end, BodyEnd::Missing, "{seen:?}"),
    }
}

fn expected(data: &[u8]) -> Expected {
    let (mut has_arguments, mut has_event, mut items) = (false, false, Vec::new());
    let mut decoder = Decoder::new(LIMIT);
    decoder.push(data);
    let is_complete = loop {
        let Ok(Some(Event { event, data, .. })) = decoder.next_event() else { break false };
        match event {
            "arguments" if !has_event => has_arguments = true,
            "arguments" => {}
            "item" => match serde_json::from_slice(data) {
                Ok(item) => items.push(item),
                Err(_) => {
                    has_event = true;
                    break false;
                }
            },
            "end" => {
                has_event = true;
                break true;
            }
            "error" => {
                has_event = true;
                break false;
            }
            _ => continue,
        }
        has_event = true;
    };
    Expected { has_arguments, has_event, items, is_complete }
}
