mod refusals;
mod replies;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::host::connection::{Endpoint, LocalEndpoint};
use crate::host::install::Installation;
use crate::host::output::Warnings;
use crate::host::task::OwnedTask;
use crate::protocol::PluginId;
use crate::transport::{RawListener, RawStream, socket_path};
use crate::typed::{CallbackHandler, Reply};

/// The beginning of an answer that is a stream of events.
const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\n\
                           Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A plugin that is served at this socket.
fn peer(socket: PathBuf, services: Services) -> Arc<CallbackPeer> {
    let folder = tempfile::tempdir().unwrap();
    let pconf = folder.path().join("P.pconf");
    let keys = serde_json::json!({"Name": "P", "Protocol": 2, "Sock": socket});
    std::fs::write(&pconf, keys.to_string()).unwrap();
    let installation = Arc::new(Installation::read(&pconf, true, None).unwrap());
    let endpoint = LocalEndpoint::new(socket, "unix://x", limits::MAX_BODY, Duration::ZERO, 9);
    let endpoint = Endpoint::Local(endpoint);
    let (endpoint, limit) = (Arc::new(endpoint), limits::CALL_TIMEOUT);
    let warnings = Arc::new(Warnings::new(installation.id().clone()));
    Arc::new(CallbackPeer::new(installation, endpoint, limit, services, Arc::new(()), warnings))
}

/// The callbacks of a plugin, and their current generation.
fn callbacks() -> (Arc<Callbacks>, u64) {
    let callbacks = Callbacks::new(PluginId::new("P", "").unwrap());
    let generation = callbacks.begin_generation(0);
    callbacks.set_current(0, generation);
    (Arc::new(callbacks), generation)
}

/// The data of each callback `a`, as it is handled.
fn hear(callbacks: &Callbacks) -> UnboundedReceiver<bytes::Bytes> {
    let (sender, heard) = unbounded_channel();
    let handler = CallbackHandler::new(move |event| {
        sender.send(event.data).unwrap();
        async { Reply::json(&()) }
    });
    callbacks.add("a", handler);
    heard
}

/// Answers a registration with a stream of these events, which stays open.
fn stream_events(mut stream: RawStream, events: &str) -> RawStream {
    let mut read = [0; 4096];
    assert!(stream.read(&mut read).unwrap() > 0);
    write!(stream, "{STREAM_HEAD}{:x}\r\n{events}\r\n", events.len()).unwrap();
    stream
}

#[tokio::test]
async fn a_receiving_task_that_panics_says_so_and_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let socket = socket_path(folder.path(), "s");
    let listener = RawListener::bind(&socket);
    let plugin = std::thread::spawn(move || {
        let gap = "id: 7\nevent: gap\ndata: 3\n\n";
        let first = stream_events(listener.accept().unwrap(), gap);
        let second = stream_events(listener.accept().unwrap(), "event: a\ndata: 1\n\n");
        (first, second)
    });
    let peer = peer(socket, Services::new());
    let (callbacks, generation) = callbacks();
    let mut heard = hear(&callbacks);
    let missed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&missed);
    let on_missed = move |count| {
        counter.fetch_add(count + 1, Ordering::SeqCst);
        assert_eq!(count, 0, "the report panics");
    };
    let serving = serve(peer, Dialect::GoPlug2, Arc::clone(&callbacks), generation, on_missed);
    let _task = OwnedTask::spawn(serving);

    assert_eq!(heard.recv().await.unwrap(), "1");
    callbacks.wait_until_all_confirmed(generation).await.unwrap();
    // The gap of 3, and the break of unknown length after the panic.
    assert_eq!(missed.load(Ordering::SeqCst), 4 + 1);
    drop(plugin.join());
}

#[tokio::test]
async fn callbacks_that_nobody_listens_to_are_passed_over_and_gaps_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let socket = socket_path(folder.path(), "s");
    let listener = RawListener::bind(&socket);
    let plugin = std::thread::spawn(move || {
        let mut events: String =
            (1..=900).map(|id| format!("id: {id}\nevent: u{id}\ndata: 1\n\n")).collect();
        for id in 901..=1000 {
            events += &format!("id: {id}\nevent: gap\ndata: 2\n\n");
        }
        events += "id: 1001\nevent: a\ndata: 1\n\n";
        stream_events(listener.accept().unwrap(), &events)
    });
    let peer = peer(socket, Services::new());
    let (callbacks, generation) = callbacks();
    let mut heard = hear(&callbacks);
    let (reports, missed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counters = (Arc::clone(&reports), Arc::clone(&missed));
    let on_missed = move |count| {
        counters.0.fetch_add(1, Ordering::SeqCst);
        counters.1.fetch_add(count, Ordering::SeqCst);
    };
    let serving = serve(peer, Dialect::GoPlug2, Arc::clone(&callbacks), generation, on_missed);
    let _task = OwnedTask::spawn(serving);
    assert_eq!(heard.recv().await.unwrap(), "1");
    assert_eq!(missed.load(Ordering::SeqCst), 200);
    // At most one for each piece that was read.
    assert!(reports.load(Ordering::SeqCst) < 10);
    drop(plugin.join());
}

#[tokio::test]
async fn a_registration_learns_that_the_receiving_task_has_panicked() {
    let (callbacks, generation) = callbacks();
    callbacks.fail(generation, "it panicked".into());
    let error = callbacks.wait_until_confirmed(0).await.unwrap_err();
    assert!(error.to_string().contains("it panicked"), "{error}");
}
