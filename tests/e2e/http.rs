//! A client that writes raw bytes, for requests that no correct client would send; and how plugins
//! that a test plays read requests.

use std::path::Path;

use goplug_runtime::transport::{Stream, connect};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::test_env::{WAIT_TIMEOUT, soon};

/// One connection to a plugin's socket.
pub(crate) struct Connection {
    stream: Stream,
    received: Vec<u8>,
}

/// A response: its status and its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Connection {
    pub(crate) async fn open(socket: &Path) -> Self {
        Self { stream: open(socket).await, received: Vec::new() }
    }

    /// Sends these bytes. That the plugin closes the connection meanwhile is no error.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.stream.write_all(bytes.as_ref()).await);
    }

    /// Sends a request and waits for the response.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Response {
        self.send(request(path, body)).await;
        self.response().await.expect("the connection ended without a response")
    }

    /// The next response; `None` at the end of the connection.
    pub(crate) async fn response(&mut self) -> Option<Response> {
        loop {
            if let Some((response, length)) = parse(&self.received) {
                self.received.drain(..length);
                return Some(response);
            }
            let read = soon("the response", self.stream.read_buf(&mut self.received)).await;
            if !matches!(read, Ok(1..)) {
                return None;
            }
        }
    }
}

/// A connection to a plugin's socket, of which nothing is known.
pub(crate) async fn open(socket: &Path) -> Stream {
    connect(socket, WAIT_TIMEOUT).await.unwrap()
}

/// The bytes of a request.
pub(crate) fn request(path: &str, body: &str) -> String {
    request_with(path, "", body)
}

/// The bytes of a request with further lines in its head, each of which has its end.
pub(crate) fn request_with(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

/// The first response in these bytes, and its length; `None` if it is not complete.
fn parse(bytes: &[u8]) -> Option<(Response, usize)> {
    let (head, body) = first_message(bytes)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let response = Response { status, body: String::from_utf8_lossy(body).into_owned() };
    Some((response, head.len() + body.len()))
}

/// The head, with the empty line behind it, and the body of the first message in these bytes; `None`
/// if it is not complete.
pub(crate) fn first_message(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = end + length.map_or(0, |length| length.parse().unwrap());
    Some((head, bytes.get(end..whole)?))
}

/// The head and the body of the next request; `None` at the end of the connection. `received` keeps
/// what comes behind it.
pub(crate) async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    received: &mut Vec<u8>,
) -> Option<(String, String)> {
    loop {
        if let Some((head, body)) = first_message(received) {
            let request = (head.to_owned(), String::from_utf8_lossy(body).into_owned());
            let length = head.len() + body.len();
            received.drain(..length);
            return Some(request);
        }
        if !matches!(stream.read_buf(received).await, Ok(1..)) {
            return None;
        }
    }
}
