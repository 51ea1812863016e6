//! A client by hyper, with and without TLS.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One connection.
pub(crate) enum Client {
    H1(http1::SendRequest<Pieces>),
    H2(http2::SendRequest<Pieces>),
}

/// A response that has come as a whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The body of a request, piece by piece.
pub(crate) struct Pieces(UnboundedReceiver<Result<Bytes, &'static str>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_closed() && self.0.is_empty()
    }
}

/// A body, and what gives it its pieces.
pub(crate) fn pieces() -> (UnboundedSender<Result<Bytes, &'static str>>, Pieces) {
    let (sender, receiver) = unbounded_channel();
    (sender, Pieces(receiver))
}

/// A body of one piece.
pub(crate) fn whole(body: &str) -> Pieces {
    let (sender, pieces) = pieces();
    sender.send(Ok(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
    pieces
}

/// No body.
pub(crate) fn nothing() -> Pieces {
    let (_, pieces) = pieces();
    pieces
}

impl Client {
    /// Connects without TLS.
    pub(crate) async fn plain(address: SocketAddr, protocol: &str) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), protocol).await
    }

    /// Connects with TLS.
    ///
    /// # Errors
    /// The handshake fails.
    pub(crate) async fn secure(
        address: SocketAddr,
        config: Arc<ClientConfig>,
    ) -> Result<Self, std::io::Error> {
        let protocol = String::from_utf8(config.alpn_protocols[0].clone()).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(address).await?;
        let stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        Ok(Self::over(stream, &protocol).await)
    }

    async fn over<S>(stream: S, protocol: &str) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        if protocol == "h2" {
            let (sender, connection) =
                http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            Self::H2(sender)
        } else {
            let (sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            Self::H1(sender)
        }
    }

    /// Sends a request. The headers are `name: value`.
    ///
    /// # Errors
    /// The connection ends without a response.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: Pieces,
    ) -> hyper::Result<Response<Incoming>> {
        let uri = match self {
            Self::H1(_) => path.to_owned(),
            Self::H2(_) => format!("http://localhost{path}"),
        };
        let mut request = Request::builder().method(method).uri(uri);
        if let Self::H1(_) = self {
            request = request.header("host", "localhost");
        }
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(body).unwrap();
        match self {
            Self::H1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::H2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Posts a body, and waits for the whole response.
    pub(crate) async fn post(&mut self, path: &str, headers: &[&str], body: &str) -> Reply {
        Reply::of(self.send("POST", path, headers, whole(body)).await.unwrap()).await
    }

    /// Gets a path.
    pub(crate) async fn get(&mut self, path: &str, headers: &[&str]) -> Reply {
        Reply::of(self.send("GET", path, headers, nothing()).await.unwrap()).await
    }
}

impl Reply {
    /// Waits for the rest of a response.
    pub(crate) async fn of(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.into()).unwrap();
        Self { status: head.status.as_u16(), headers: head.headers, body }
    }
}

/// The events of a stream, as they come.
pub(crate) struct Events {
    body: Incoming,
    text: String,
}

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Events {
    pub(crate) fn of(response: Response<Incoming>) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let mut found = Event::default();
                for line in event.lines() {
                    match line.split_once(": ") {
                        Some(("id", value)) => found.id = value.into(),
                        Some(("event", value)) => found.event = value.into(),
                        Some(("data", value)) => found.data = value.into(),
                        _ => {}
                    }
                }
                self.text = rest.to_owned();
                if found != Event::default() {
                    return Some(found);
                }
                continue;
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}
