//! Connecting to a remote plugin: its name, TCP, TLS, and the version of HTTP that both ends speak.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Version;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::access::Access;
use super::fault::Fault;
use super::keeps_reading::KeepsReading;
use super::noting::{Noted, Noting};
use super::outgoing::Outgoing;
use crate::http1::{MAX_HEAD, MAX_HEADERS};
use crate::limits;
use crate::protocol::RemoteUrl;

/// How often a connection of HTTP/2 is asked for a sign of life while requests are open.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// Where requests are given to a connection.
#[derive(Debug)]
pub(super) enum Sender {
    Http1(http1::SendRequest<Outgoing>),
    /// A clone is for the same connection.
    Http2(http2::SendRequest<Outgoing>),
}

/// A new connection.
pub(super) struct Dialed {
    pub(super) sender: Sender,
    pub(super) driver: Driver,
    /// What TLS has ended it for, once it has.
    pub(super) noted: Noted,
}

/// What drives a connection. It ends with the connection, and with what was wrong.
pub(super) type Driver = Pin<Box<dyn Future<Output = Option<Fault>> + Send>>;

impl Sender {
    /// The version that the connection speaks.
    pub(super) fn version(&self) -> Version {
        match self {
            Self::Http1(_) => Version::HTTP_11,
            Self::Http2(_) => Version::HTTP_2,
        }
    }

    /// Sends a request, and waits for the head of its answer.
    ///
    /// # Errors
    /// The body as well, if nothing of the request was sent.
    pub(super) async fn send(
        &mut self,
        request: hyper::Request<Outgoing>,
    ) -> Result<hyper::Response<Incoming>, (Option<Outgoing>, hyper::Error)> {
        let sent = match self {
            Self::Http1(sender) => sender.try_send_request(request).await,
            Self::Http2(sender) => sender.try_send_request(request).await,
        };
        sent.map_err(|mut error| {
            let unsent = error.take_message().map(hyper::Request::into_body);
            (unsent, error.into_error())
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Waits until the connection takes a request; false if it has ended.
    pub(super) async fn is_ready(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }
}

/// Connects. The runtime that polls this has the connection.
///
/// # Errors
/// What is wrong, for people.
pub(super) async fn dial(url: &RemoteUrl, access: &Access) -> Result<Dialed, Fault> {
    let limit = limits::REMOTE_CONNECT_TIMEOUT;
    timeout(limit, connect(url, access)).await.unwrap_or_else(|_| {
        let text = format!("no connection was made within {limit:?}");
        Err(Fault::new(ErrorKind::TimedOut, text))
    })
}

async fn connect(url: &RemoteUrl, access: &Access) -> Result<Dialed, Fault> {
    let of_system = |error: io::Error| Fault::new(error.kind(), error.to_string());
    let tcp = TcpStream::connect((url.host(), url.port())).await.map_err(of_system)?;
    tcp.set_nodelay(true).map_err(of_system)?;
    let tcp = KeepsReading::new(tcp);
    let Some(tls) = &access.tls else {
        return http1(tcp, Noted::default(), false).await;
    };
    let name = ServerName::try_from(url.host().to_owned())
        .map_err(|error| Fault::new(ErrorKind::InvalidInput, error.to_string()))?;
    let connecting = TlsConnector::from(Arc::clone(tls)).connect(name, tcp);
    let stream = connecting.await.map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => {
            Fault::new(error.kind(), "it closed the connection instead of speaking TLS")
        }
        _ => Fault::of(&error, true),
    })?;
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let noted = Noted::default();
    let stream = Noting::new(stream, Arc::clone(&noted));
    if speaks_http2 { http2(stream, noted).await } else { http1(stream, noted, true).await }
}

async fn http1<S>(stream: S, noted: Noted, is_secure: bool) -> Result<Dialed, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::Builder::new()
        .max_header_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.map_err(|error| Fault::of(&error, is_secure))?;
    let ended = Arc::clone(&noted);
    let driver = async move {
        let error = connection.await.err()?;
        Some(ended.get().cloned().unwrap_or_else(|| Fault::of(&error, is_secure)))
    };
    Ok(Dialed { sender: Sender::Http1(sender), driver: Box::pin(driver), noted })
}

async fn http2<S>(stream: S, noted: Noted) -> Result<Dialed, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.map_err(|error| Fault::of(&error, true))?;
    let ended = Arc::clone(&noted);
    let driver = async move {
        let error = connection.await.err()?;
        Some(ended.get().cloned().unwrap_or_else(|| Fault::of(&error, true)))
    };
    Ok(Dialed { sender: Sender::Http2(sender), driver: Box::pin(driver), noted })
}
