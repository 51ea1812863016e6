//! An HTTP client: hyper's for whole requests, bare sockets for what has to be cut in two.

use std::net::SocketAddr;

use gateway::Receipt;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept alive.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

/// A whole response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) request_id: String,
    body: Bytes,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        // It ends with the sender.
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send(Request::post(path).body(Full::new(body.into())).unwrap()).await
    }

    /// A request with this id.
    pub(crate) async fn post_as(&mut self, path: &str, body: &'static str, id: &str) -> Reply {
        let request = Request::post(path).header("X-Request-Id", id);
        self.send(request.body(Full::new(body.into())).unwrap()).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(Request::get(path).body(Full::default()).unwrap()).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Reply {
        let response = self.begin(request).await;
        let header = response.headers().get("x-request-id").unwrap();
        let request_id = header.to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, request_id, body }
    }

    async fn begin(&mut self, mut request: Request<Full<Bytes>>) -> Response<Incoming> {
        request.headers_mut().insert("host", "gateway".parse().unwrap());
        self.0.ready().await.unwrap();
        self.0.send_request(request).await.unwrap()
    }
}

impl Reply {
    pub(crate) fn receipt(&self) -> Receipt {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

/// Server-sent events.
pub(crate) struct EventReader {
    body: Incoming,
    text: String,
}

/// Opens a stream of events.
pub(crate) async fn events(address: SocketAddr, path: &str) -> EventReader {
    let mut client = Client::connect(address).await;
    let response = client.begin(Request::get(path).body(Full::default()).unwrap()).await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    EventReader { body: response.into_body(), text: String::new() }
}

impl EventReader {
    /// The type and the data of the next event.
    pub(crate) async fn next(&mut self) -> (String, String) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let values = event.lines().filter_map(|line| line.strip_prefix(name));
                    values.collect::<String>()
                };
                let found = (field("event: "), field("data: "));
                self.text = rest.to_owned();
                // Comments keep the connection alive.
                if found.0.is_empty() {
                    continue;
                }
                return found;
            }
            let frame = self.body.frame().await.expect("an event").unwrap();
            self.text += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
        }
    }
}

/// A request whose body comes in parts.
pub(crate) struct SlowRequest(TcpStream);

/// Begins to post this many bytes, and waits until the gateway wants them.
pub(crate) async fn request(address: SocketAddr, path: &str, length: usize) -> SlowRequest {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nExpect: 100-continue\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut wanted = [0; CONTINUE.len()];
    stream.read_exact(&mut wanted).await.unwrap();
    assert_eq!(wanted, CONTINUE);
    SlowRequest(stream)
}

impl SlowRequest {
    pub(crate) async fn send(&mut self, part: &str) {
        self.0.write_all(part.as_bytes()).await.unwrap();
    }

    pub(crate) async fn reply(mut self) -> String {
        let mut reply = String::new();
        self.0.read_to_string(&mut reply).await.unwrap();
        reply
    }
}
