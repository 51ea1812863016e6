mod replies;

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::host::connection::Endpoint;
use crate::host::install::Installation;
use crate::host::task::OwnedTask;
use crate::typed::{CallbackHandler, Reply};

/// Answers a registration with a stream of these events, which stays open.
fn stream_events(mut stream: UnixStream, events: &str) -> UnixStream {
    let mut read = [0; 4096];
    assert!(stream.read(&mut read).unwrap() > 0);
    let head = "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nContent-Type: text/event-stream\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    write!(stream, "{head}{:x}\r\n{events}\r\n", events.len()).unwrap();
    stream
}

#[tokio::test]
async fn a_receiving_task_that_panics_says_so_and_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    let plugin = std::thread::spawn(move || {
        let gap = "id: 7\nevent: gap\ndata: 3\n\n";
        let first = stream_events(listener.accept().unwrap().0, gap);
        let second = stream_events(listener.accept().unwrap().0, "event: a\ndata: 1\n\n");
        (first, second)
    });
    let pconf = folder.path().join("P.pconf");
    std::fs::write(&pconf, r#"{"Name": "P", "Protocol": 2, "Sock": "s"}"#).unwrap();
    let installation = Arc::new(Installation::read(&pconf, true).unwrap());
    let id = installation.id().clone();
    let endpoint = Endpoint::new(socket, "unix://x", limits::MAX_BODY, Duration::ZERO, 9);
    let peer = CallbackPeer::new(
        installation,
        Arc::new(endpoint),
        limits::CALL_TIMEOUT,
        Services::new(),
        Arc::new(()),
    );

    let callbacks = Arc::new(Callbacks::new(id));
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let handler = CallbackHandler::new(move |event| {
        sender.send(event.data).unwrap();
        async { Reply::json(&()) }
    });
    callbacks.add("a", handler);
    let generation = callbacks.begin_generation();
    callbacks.set_current(generation);
    let missed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&missed);
    let on_missed = move |count| {
        counter.fetch_add(count + 1, Ordering::SeqCst);
        assert_eq!(count, 0, "the report panics");
    };
    let serving =
        serve(Arc::new(peer), Dialect::GoPlug2, Arc::clone(&callbacks), generation, on_missed);
    let _task = OwnedTask::spawn(serving);

    assert_eq!(heard.recv().await.unwrap(), "1");
    callbacks.wait_until_all_confirmed(generation).await.unwrap();
    // The gap of 3, and the break of unknown length after the panic.
    assert_eq!(missed.load(Ordering::SeqCst), 4 + 1);
    drop(plugin.join());
}

#[tokio::test]
async fn a_registration_learns_that_the_receiving_task_has_panicked() {
    let callbacks = Callbacks::new(crate::protocol::PluginId::new("P", "").unwrap());
    let generation = callbacks.begin_generation();
    callbacks.set_current(generation);
    callbacks.fail(generation, "it panicked".into());
    let error = callbacks.wait_until_confirmed(0).await.unwrap_err();
    assert!(error.to_string().contains("it panicked"), "{error}");
}
