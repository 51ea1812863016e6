use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use bytes::Bytes;

use super::*;

const SOON: Duration = Duration::from_secs(10);
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// A connection to a plugin that does this.
async fn connected(
    busy_poll: Duration,
    plugin: impl FnOnce(UnixStream) + Send + 'static,
) -> Connection {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let connection = Connection::open(&path, SOON, 9 << 20, busy_poll).await.unwrap();
    let stream = listener.accept().unwrap().0;
    thread::spawn(move || plugin(stream));
    connection
}

async fn call(connection: &mut Connection, body: Bytes) -> Result<Response, SendError> {
    call_within(connection, body, SOON).await
}

async fn call_within(
    connection: &mut Connection,
    body: Bytes,
    within: Duration,
) -> Result<Response, SendError> {
    let deadline = Instant::now() + within;
    connection.transmit(&Request::new("work", &body), b"plugin", deadline, || true).await
}

/// Reads a request without a body.
fn read_request(stream: &mut UnixStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn one_connection_takes_one_request_after_the_other() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        for _ in 0..3 {
            read_request(&mut stream);
            stream.write_all(ANSWER).unwrap();
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
async fn the_plugin_is_asked_once_to_look_before_it_waits() {
    let mut connection = connected(Duration::from_micros(20), |mut stream| {
        for asked in [true, false, false] {
            let request = read_request(&mut stream);
            assert_eq!(request.contains("goplug-busy-poll: 20\r\n"), asked, "{request}");
            stream.write_all(ANSWER).unwrap();
        }
    })
    .await;
    for _ in 0..3 {
        assert_eq!(call(&mut connection, Bytes::new()).await.unwrap().body, "hi");
    }
}

#[tokio::test]
async fn other_tasks_have_their_turn_though_each_look_helps() {
    const CALLS: usize = 100;
    let mut connection = connected(Duration::from_micros(50), |mut stream| {
        for _ in 0..CALLS {
            read_request(&mut stream);
            stream.write_all(ANSWER).unwrap();
        }
    })
    .await;
    let mut calls = std::pin::pin!(async {
        for _ in 0..CALLS {
            call(&mut connection, Bytes::new()).await.unwrap();
        }
    });
    // Whenever this is polled, the others had their turn.
    let mut turns = 0;
    poll_fn(|cx| {
        turns += 1;
        calls.as_mut().poll(cx)
    })
    .await;
    assert!(turns >= CALLS, "{turns}");
}

#[tokio::test]
async fn what_comes_unasked_is_no_answer_to_the_next_request() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        read_request(&mut stream);
        stream.write_all(&[ANSWER, ANSWER].concat()).unwrap();
    })
    .await;
    assert_eq!(call(&mut connection, Bytes::new()).await.unwrap().body, "hi");
    assert!(!connection.is_reusable());
}

#[tokio::test]
async fn a_request_on_a_connection_that_is_closed_was_not_sent() {
    let mut connection = connected(Duration::ZERO, drop).await;
    connection.closed().await;
    let error = call(&mut connection, Bytes::new()).await.err().unwrap();
    assert!(matches!(error, SendError::Unsent(_)), "{error:?}");
}

#[tokio::test]
async fn a_large_body_goes_out_while_its_answer_comes_in() {
    const SIZE: usize = 8 << 20;
    let mut connection = connected(Duration::ZERO, |mut stream| {
        read_request(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").unwrap();
        let mut piece = vec![0; 1 << 16];
        let mut left = SIZE;
        while left > 0 {
            let count = stream.read(&mut piece).unwrap();
            stream.write_all(&piece[..count]).unwrap();
            left -= count;
        }
    })
    .await;
    let body: Bytes = (0..SIZE).map(|at| (at % 251) as u8).collect();
    assert_eq!(call(&mut connection, body.clone()).await.unwrap().body, body);
    assert!(connection.is_reusable());
}

#[tokio::test]
async fn who_is_cut_off_while_writing_reads_why() {
    let mut connection = connected(Duration::ZERO, |mut stream| {
        let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(text).unwrap();
        // Only then it goes, and takes what it has not read along.
        read_request(&mut stream);
    })
    .await;
    match call(&mut connection, vec![0; 8 << 20].into()).await {
        Ok(response) => assert_eq!(response.status, 413),
        // It came before the first byte was written.
        Err(error) => assert!(matches!(error, SendError::Unsent(_)), "{error:?}"),
    }
    assert!(!connection.is_reusable());
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_late() {
    let plugin = |mut stream: UnixStream| drop(stream.read_to_end(&mut Vec::new()));
    let mut connection = connected(Duration::ZERO, plugin).await;
    let granted = Duration::from_millis(20);
    let error = call_within(&mut connection, Bytes::new(), granted).await.err().unwrap();
    assert!(matches!(error, SendError::TimedOut), "{error:?}");
    assert!(!connection.is_reusable());
}
