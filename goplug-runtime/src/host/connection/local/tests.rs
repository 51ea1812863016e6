use std::future::poll_fn;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use super::*;
use crate::transport::{RawListener, RawStream, socket_path};

fn endpoint(socket: PathBuf, max_connections: usize) -> LocalEndpoint {
    LocalEndpoint::new(socket, "unix://x", limits::MAX_BODY, Duration::ZERO, max_connections)
}

#[tokio::test]
async fn a_connection_that_takes_too_long_ends_at_the_deadline() {
    let temp = tempfile::tempdir().unwrap();
    let socket = socket_path(temp.path(), "s");
    let (listener, _taken) = RawListener::bind_full(&socket);
    let endpoint = endpoint(socket, 9);
    let deadline = Instant::now() + Duration::from_millis(20);
    let request = Request::new("work", b"");
    let error = endpoint.send(&request, deadline, Admission::Call, || false).await.unwrap_err();
    assert!(matches!(error, SendError::TimedOut(Stage::Connecting)), "{error:?}");
    drop(listener);
    let error = endpoint.send(&request, deadline, Admission::Call, || false).await.unwrap_err();
    assert!(matches!(error, SendError::Unconnected(_)), "{error:?}");
}

/// This many connections, and the listener that has accepted them.
async fn accepted(listener: RawListener, count: usize) -> (Vec<RawStream>, RawListener) {
    let accept = move || ((0..count).map(|_| listener.accept().unwrap()).collect(), listener);
    tokio::task::spawn_blocking(accept).await.unwrap()
}

/// A process that the plugin started may keep the connection open after the plugin's end.
#[tokio::test]
async fn closing_the_endpoint_ends_every_call_though_the_peer_keeps_its_connection() {
    let temp = tempfile::tempdir().unwrap();
    let socket = socket_path(temp.path(), "s");
    let listener = RawListener::bind(&socket);
    let endpoint = endpoint(socket, 9);
    let deadline = Instant::now() + Duration::from_secs(1000);
    let request = Request::new("work", b"");
    let close = async {
        let ends = accepted(listener, 2).await;
        endpoint.close();
        ends
    };
    let (unshared, pipelined, _ends) = tokio::join!(
        endpoint.send(&request, deadline, Admission::Call, || false),
        endpoint.send_pipelined(&request, deadline),
        close,
    );
    assert!(matches!(unshared, Err(SendError::Broken(_))), "{unshared:?}");
    let is_broken = matches!(pipelined, PipelineOutcome::Failed(SendError::Broken(_)));
    assert!(is_broken, "{pipelined:?}");
    let outcome = endpoint.send_pipelined(&request, deadline).await;
    assert!(matches!(outcome, PipelineOutcome::NoRoom), "{outcome:?}");
}

/// Answers every request on this connection until its end.
fn answer(mut stream: RawStream) {
    let mut read = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|count| count > 0) {
        read.push(byte[0]);
        if read.ends_with(b"\r\n\r\n") {
            // Fails if the host does not wait any more.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            read.clear();
        }
    }
}

/// Answers every request on every connection, and counts the connections.
fn serve(listener: RawListener, connections: Arc<AtomicUsize>) {
    thread::spawn(move || {
        while let Ok(stream) = listener.accept() {
            connections.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || answer(stream));
        }
    });
}

/// A plugin that answers every request, and an endpoint to it.
fn served() -> (tempfile::TempDir, LocalEndpoint, Arc<AtomicUsize>) {
    let temp = tempfile::tempdir().unwrap();
    let socket = socket_path(temp.path(), "s");
    let connections = Arc::new(AtomicUsize::new(0));
    serve(RawListener::bind(&socket), Arc::clone(&connections));
    (temp, endpoint(socket, 9), connections)
}

async fn call(endpoint: &LocalEndpoint) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let request = Request::new("work", b"");
    let response = endpoint.send(&request, deadline, Admission::Call, || false).await.unwrap();
    assert_eq!(response.status, 200);
    let pipelined = endpoint.send_pipelined(&request, deadline).await;
    assert!(matches!(pipelined, PipelineOutcome::Answered { .. }), "{pipelined:?}");
}

#[test]
fn a_call_uses_nothing_of_a_runtime_that_nobody_drives() {
    let (_temp, endpoint, _) = served();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (a, b) = (runtime(), runtime());
    for _ in 0..5 {
        a.block_on(call(&endpoint));
        b.block_on(call(&endpoint));
    }
}

#[test]
fn connections_of_runtimes_that_are_gone_do_not_pile_up() {
    let (_temp, endpoint, connections) = served();
    for _ in 0..5 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(call(&endpoint));
        assert_eq!(endpoint.connections.idle(), 1);
    }
    assert!(connections.load(Ordering::Relaxed) >= 10);
}

#[test]
fn without_a_runtime_a_call_is_an_error() {
    let (_temp, endpoint, _) = served();
    let deadline = Instant::now() + Duration::from_secs(10);
    let request = Request::new("work", b"");
    let error = crate::typed::wait(endpoint.send(&request, deadline, Admission::Call, || false));
    assert!(matches!(error, Err(SendError::Runtime(_))), "{error:?}");
    let outcome = crate::typed::wait(endpoint.send_pipelined(&request, deadline));
    assert!(matches!(outcome, PipelineOutcome::NoRoom), "{outcome:?}");
}

#[tokio::test]
async fn calls_wait_for_a_connection_when_there_are_as_many_as_there_may_be() {
    let temp = tempfile::tempdir().unwrap();
    let socket = socket_path(temp.path(), "s");
    let listener = RawListener::bind(&socket);
    let endpoint = Arc::new(endpoint(socket, 9));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let endpoint = Arc::clone(&endpoint);
        calls.spawn(async move { call(&endpoint).await });
    }
    let (streams, listener) = accepted(listener, 9).await;
    // There is no tenth.
    let soon = Instant::now() + Duration::from_millis(20);
    let request = Request::new("work", b"");
    let other = endpoint.send(&request, soon, Admission::Call, || false).await;
    assert!(matches!(other, Err(SendError::TimedOut(Stage::Queued))), "{other:?}");
    for stream in streams {
        thread::spawn(move || answer(stream));
    }
    serve(listener, Arc::default());
    calls.join_all().await;
}

#[tokio::test]
async fn a_call_that_gets_no_connection_in_time_was_not_sent_and_control_requests_do_not_wait() {
    let temp = tempfile::tempdir().unwrap();
    let socket = socket_path(temp.path(), "s");
    let listener = RawListener::bind(&socket);
    let endpoint = endpoint(socket, 1);
    let long = Instant::now() + Duration::from_secs(1000);
    let request = Request::new("work", b"");
    let mut first = std::pin::pin!(endpoint.send(&request, long, Admission::Call, || false));
    poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx).is_pending())).await;
    let soon = Instant::now() + Duration::from_millis(20);
    let second = endpoint.send(&request, soon, Admission::Call, || false).await;
    assert!(matches!(second, Err(SendError::TimedOut(Stage::Queued))), "{second:?}");
    let soon = Instant::now() + Duration::from_millis(20);
    let control = endpoint.send(&request, soon, Admission::Control, || false).await;
    assert!(matches!(control, Err(SendError::TimedOut(Stage::Sent))), "{control:?}");
    drop(listener);
}
