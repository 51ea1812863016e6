use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bytes::Bytes;

use super::*;
use crate::host::connection::request_body::RequestBody;
use crate::http1::Response;
use crate::transport::{BusyPoll, RawListener, RawStream, socket_path};
use crate::typed::{MethodSpec, RequestItems, SentItems};

const SOON: Duration = Duration::from_secs(10);
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// A connection to a plugin, which runs this function.
async fn connected(
    busy_poll: Duration,
    plugin: impl FnOnce(RawStream) + Send + 'static,
) -> Connection {
    let temp = tempfile::tempdir().unwrap();
    let path = socket_path(temp.path(), "s");
    let listener = RawListener::bind(&path);
    let connection = Connection::open(&path, SOON, 9 << 20, busy_poll).await.unwrap();
    let stream = listener.accept().unwrap();
    thread::spawn(move || plugin(stream));
    connection
}

async fn call(connection: &mut Connection, body: Bytes) -> Result<Response, SendError> {
    call_within(connection, body, SOON).await
}

async fn call_within(
    connection: &mut Connection,
    body: Bytes,
    timeout: Duration,
) -> Result<Response, SendError> {
    let deadline = Instant::now() + timeout;
    connection.transmit(&Request::new("work", &body), b"plugin", deadline, || true).await
}

/// Reads a request without a body.
fn read_request(stream: &mut RawStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn a_connection_takes_several_requests_in_turn() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        for _ in 0..3 {
            read_request(&mut stream);
            stream.write_all(RESPONSE).unwrap();
        }
    })
    .await;
    for _ in 0..3 {
        let response = call(&mut connection, Bytes::new()).await.unwrap();
        assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
        assert!(connection.is_reusable());
    }
}

#[tokio::test]
async fn only_the_first_request_asks_the_plugin_to_poll_busily() {
    let mut connection = connected(Duration::from_micros(20), |mut stream| {
        for is_first in [true, false, false] {
            let request = read_request(&mut stream);
            let asks = is_first && BusyPoll::new(Duration::from_micros(20)).has_bound();
            assert_eq!(request.contains("goplug-busy-poll: 20\r\n"), asks, "{request}");
            stream.write_all(RESPONSE).unwrap();
        }
    })
    .await;
    for _ in 0..3 {
        assert_eq!(call(&mut connection, Bytes::new()).await.unwrap().body, "hi");
    }
}

#[tokio::test]
async fn other_tasks_run_though_busy_polling_always_succeeds() {
    const CALLS: usize = 100;
    let mut connection = connected(Duration::from_micros(50), |mut stream| {
        for _ in 0..CALLS {
            read_request(&mut stream);
            stream.write_all(RESPONSE).unwrap();
        }
    })
    .await;
    let mut calls = std::pin::pin!(async {
        for _ in 0..CALLS {
            call(&mut connection, Bytes::new()).await.unwrap();
        }
    });
    // Other tasks run between two polls.
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        calls.as_mut().poll(cx)
    })
    .await;
    assert!(polls >= CALLS, "{polls}");
}

#[tokio::test]
async fn a_second_response_makes_the_connection_unusable() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        read_request(&mut stream);
        stream.write_all(&[RESPONSE, RESPONSE].concat()).unwrap();
    })
    .await;
    assert_eq!(call(&mut connection, Bytes::new()).await.unwrap().body, "hi");
    assert!(!connection.is_reusable());
}

#[tokio::test]
async fn a_request_on_a_closed_connection_is_not_sent() {
    let mut connection = connected(Duration::ZERO, drop).await;
    connection.closed().await;
    let error = call(&mut connection, Bytes::new()).await.err().unwrap();
    assert!(matches!(error, SendError::Unsent(_)), "{error:?}");
}

#[tokio::test]
async fn a_large_body_is_sent_while_the_response_arrives() {
    const SIZE: usize = 8 << 20;
    let mut connection = connected(Duration::ZERO, |mut stream| {
        read_request(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").unwrap();
        let mut piece = vec![0; 1 << 16];
        let mut remaining = SIZE;
        while remaining > 0 {
            let count = stream.read(&mut piece).unwrap();
            stream.write_all(&piece[..count]).unwrap();
            remaining -= count;
        }
    })
    .await;
    let body: Bytes = (0..SIZE).map(|at| (at % 251) as u8).collect();
    assert_eq!(call(&mut connection, body.clone()).await.unwrap().body, body);
    assert!(connection.is_reusable());
}

#[tokio::test]
async fn a_response_is_read_though_the_plugin_stopped_reading() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(text).unwrap();
        // The connection is closed only after this, with unread bytes in it.
        read_request(&mut stream);
    })
    .await;
    match call(&mut connection, vec![0; 8 << 20].into()).await {
        Ok(response) => assert_eq!(response.status, 413),
        // The response came before the first byte was written.
        Err(error) => assert!(matches!(error, SendError::Unsent(_)), "{error:?}"),
    }
    assert!(!connection.is_reusable());
}

#[tokio::test]
async fn a_missing_response_ends_at_the_deadline() {
    let plugin = |mut stream: RawStream| drop(stream.read_to_end(&mut Vec::new()));
    let mut connection = connected(Duration::ZERO, plugin).await;
    let timeout = Duration::from_millis(20);
    let error = call_within(&mut connection, Bytes::new(), timeout).await.err().unwrap();
    assert!(matches!(error, SendError::TimedOut(Stage::Sent)), "{error:?}");
    assert!(!connection.is_reusable());
}

async fn error_after(
    body: Bytes,
    plugin: impl FnOnce(RawStream) + Send + 'static,
) -> (SendError, bool) {
    let mut connection = connected(Duration::ZERO, plugin).await;
    let error = call(&mut connection, body).await.err().unwrap();
    let is_unread = matches!(error, SendError::Unread(_));
    (error, is_unread)
}

#[tokio::test]
async fn a_request_that_was_not_read_as_a_whole_was_not_begun() {
    let (error, is_unread) = error_after(Bytes::new(), |stream| stream.wait_until_readable()).await;
    assert!(is_unread, "{error:?}");
    let body = Bytes::from_static(b"a body of which the plugin reads nothing");
    let (error, is_unread) = error_after(body, |mut stream| drop(read_request(&mut stream))).await;
    assert!(is_unread, "{error:?}");
    // The socket does not take all of it.
    let large = vec![0; 8 << 20].into();
    let (error, is_unread) = error_after(large, |mut stream| drop(read_request(&mut stream))).await;
    assert!(is_unread, "{error:?}");
}

#[tokio::test]
async fn a_request_that_was_read_or_answered_in_part_may_have_been_begun() {
    let read = |mut stream: RawStream| drop(read_request(&mut stream));
    let (error, _) = error_after(Bytes::new(), read).await;
    assert!(matches!(error, SendError::Broken(_)), "{error:?}");
    let answered = |mut stream: RawStream| {
        stream.wait_until_readable();
        stream.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
    };
    let (error, _) = error_after(Bytes::new(), answered).await;
    assert!(matches!(error, SendError::Broken(_)), "{error:?}");
}

#[tokio::test]
async fn a_large_request_that_is_not_read_by_the_deadline_was_not_sent() {
    let (closed, wait) = std::sync::mpsc::channel::<()>();
    let plugin = move |stream: RawStream| {
        let _ = wait.recv();
        drop(stream);
    };
    let mut connection = connected(Duration::ZERO, plugin).await;
    let large = vec![0; 8 << 20].into();
    let error = call_within(&mut connection, large, Duration::from_millis(20)).await.err().unwrap();
    assert!(matches!(error, SendError::TimedOut(Stage::Sending)), "{error:?}");
    drop(closed);
}

/// Numbers that are always ready and take a while to make, until this is set.
fn busy_until(done: &Arc<AtomicBool>) -> RequestItems {
    let done = Arc::clone(done);
    let mut left = 20_000;
    SentItems::of_all(std::iter::from_fn(move || {
        thread::sleep(Duration::from_micros(20));
        left -= 1;
        assert!(left > 0, "no other task runs");
        (!done.load(Ordering::Relaxed)).then_some(7)
    }))
    .json(&MethodSpec::EMPTY)
}

#[tokio::test(flavor = "current_thread")]
async fn other_tasks_have_their_turn_beside_a_sender_that_never_waits() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n0\r\n\r\n") {
            let mut bytes = [0; 1 << 16];
            match stream.read(&mut bytes).unwrap() {
                0 => return,
                count => read.extend_from_slice(&bytes[..count]),
            }
        }
        stream.write_all(RESPONSE).unwrap();
    })
    .await;
    let had_turn = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&had_turn);
    let turn = async move {
        // By then the sender is at work.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        other.store(true, Ordering::Relaxed);
    };
    let mut body = RequestBody::new(busy_until(&had_turn), Bytes::new());
    let times = StreamingTimes { until_head: None, pause: SOON };
    let request = Request::new("work", b"");
    let call = connection.transmit_body::<Response>(&request, &mut body, b"plugin", times);
    let (answer, ()) = tokio::join!(call, turn);
    assert_eq!(answer.unwrap().body, "hi");
}
