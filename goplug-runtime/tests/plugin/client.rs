//! A small HTTP client, so that the tests see every byte that the server writes.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goplug_runtime::protocol::Pconf;
use goplug_runtime::protocol::event_stream::Decoder;
use goplug_runtime::transport::{Stream, check_path, connect, socket_path};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A test that takes longer than this fails.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a test on its own runtime. A test that hangs fails.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(TIMEOUT, test).await });
    outcome.expect("the test hangs");
}

/// A folder for one test, and the path that the socket of the plugin `Test.Do` has in it where sockets are files.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let sock = folder.path().join("Test.Do.sock");
    (folder, sock)
}

/// The socket that stands for this path: where sockets are no files, the plugin's file beside names it.
fn socket_at(path: &Path) -> PathBuf {
    if check_path(path).is_ok() {
        return path.to_owned();
    }
    let pconf = Pconf::parse(&fs::read(path.with_extension("pconf")).unwrap()).unwrap();
    pconf.sock_path(path).unwrap()
}

/// Those of these names that are names of files: sockets may be none.
pub(crate) fn of_files<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let is_file = |name: &str| {
        !name.ends_with(".sock") || socket_path(Path::new("folder"), name).starts_with("folder")
    };
    names.iter().copied().filter(|name| is_file(name)).collect()
}

/// A response, as it was received.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status_line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The kind and detail of a problem document.
    pub(crate) fn problem(&self) -> (String, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let document: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(document["status"], self.status());
        let kind = document["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        (kind, document["detail"].as_str().unwrap().to_owned())
    }
}

/// One connection.
pub(crate) struct Client {
    stream: Stream,
    received: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(sock: &Path) -> Self {
        let stream = connect(&socket_at(sock), TIMEOUT).await.unwrap();
        Self { stream, received: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        self.send(request(method, headers, body)).await;
        self.response().await.expect("the connection ended without a response")
    }

    pub(crate) async fn post(&mut self, method: &str, body: &str) -> Response {
        self.call(method, &[], body).await
    }

    /// The next response; `None` at the end of the connection. If the body has no length, only
    /// its first chunk.
    pub(crate) async fn response(&mut self) -> Option<Response> {
        let mut response = self.head().await?;
        if response.header("transfer-encoding") == Some("chunked") {
            response.body = self.chunk().await;
            return Some(response);
        }
        let length = response.header("content-length").map_or(0, |text| text.parse().unwrap());
        while self.received.len() < length {
            assert!(self.receive().await, "the body was cut off");
        }
        response.body = self.received.drain(..length).collect();
        Some(response)
    }

    /// The next response without its body.
    pub(crate) async fn head(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if !self.receive().await {
                assert!(self.received.is_empty(), "the head was cut off");
                return None;
            }
        };
        let head: Vec<_> = self.received.drain(..end + 4).collect();
        let text = String::from_utf8(head).unwrap();
        let mut lines = text.trim_end().split("\r\n");
        let status_line = lines.next().unwrap().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Some(Response { status_line, headers: lines.map(header).collect(), body: Vec::new() })
    }

    /// Reads more; `false` at the connection's end.
    async fn receive(&mut self) -> bool {
        self.stream.read_buf(&mut self.received).await.is_ok_and(|count| count > 0)
    }

    /// The next chunk; empty at the proper end.
    async fn chunk(&mut self) -> Vec<u8> {
        loop {
            let received = &mut self.received;
            if let Some(end) = received.windows(2).position(|bytes| bytes == b"\r\n") {
                let size = std::str::from_utf8(&received[..end]).unwrap();
                let size = usize::from_str_radix(size, 16).unwrap();
                if received.len() >= end + 2 + size + 2 {
                    let chunk = received[end + 2..end + 2 + size].to_vec();
                    received.drain(..end + 2 + size + 2);
                    return chunk;
                }
            }
            assert!(self.receive().await, "the body was cut off");
        }
    }

    /// Waits for the end of the connection. Returns what came before it.
    pub(crate) async fn end(&mut self) -> Vec<u8> {
        while self.receive().await {}
        std::mem::take(&mut self.received)
    }

    /// Registers callbacks, and turns the connection into their stream.
    pub(crate) async fn listen(mut self, headers: &[(&str, &str)], names: &str) -> Callbacks {
        let mut all = vec![("Goplug-Protocol", "2")];
        all.extend_from_slice(headers);
        self.send(request("RegisterCallback", &all, names)).await;
        let head = self.head().await.unwrap();
        assert_eq!(head.status_line, "HTTP/1.1 200 OK");
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("transfer-encoding"), Some("chunked"));
        Callbacks { client: self, decoder: Decoder::new(1 << 24) }
    }
}

/// A callback stream.
pub(crate) struct Callbacks {
    client: Client,
    decoder: Decoder,
}

impl Callbacks {
    /// Id, name and data of the next event; `None` at the stream's proper end.
    pub(crate) async fn next(&mut self) -> Option<(String, String, String)> {
        loop {
            if let Some(event) = self.decoder.next_event().unwrap() {
                let text = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().to_owned();
                let id = event.id.map(text).unwrap_or_default();
                return Some((id, event.event.to_owned(), text(event.data)));
            }
            let chunk = self.client.chunk().await;
            if chunk.is_empty() {
                return None;
            }
            self.decoder.push(&chunk);
        }
    }

    /// The connection, after the stream has ended.
    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// The next event. Panics if the stream ends.
    pub(crate) async fn event(&mut self) -> (String, String, String) {
        self.next().await.expect("the stream ended")
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let length = body.len();
    format!("POST /{method} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}
