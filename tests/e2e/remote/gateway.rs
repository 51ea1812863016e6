//! A server before a plugin of this machine, as a proxy before one that serves a network. On request it
//! answers in the plugin's place.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use goplug_runtime::transport;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::test_env::WAIT_TIMEOUT;

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// What the gateway answers in the plugin's place.
#[derive(Clone, Debug)]
pub(super) enum Own {
    /// This status, with these headers and this body.
    Whole(u16, Vec<(&'static str, &'static str)>, &'static str),
    /// The beginning of a result, and then the end of the connection.
    CutOff,
    /// Nothing.
    Silence,
}

/// A request, as the gateway has seen it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) version: Version,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
}

/// A running gateway. Dropping it ends its connections.
pub(super) struct Gateway {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    socket: PathBuf,
    /// The answer to the calls of this method, or to all but `GET /` if that is empty.
    own: Mutex<Option<(&'static str, Own)>>,
    /// The token that is asked for.
    token: Mutex<Option<String>>,
    /// The cookie that each answer sets.
    cookie: Mutex<Option<&'static str>>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
}

impl Gateway {
    /// Serves the plugin at this socket, by TLS if there is a configuration.
    pub(super) async fn start(socket: PathBuf, tls: Option<Arc<ServerConfig>>) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), socket, tls).await
    }

    pub(super) async fn start_at(
        address: SocketAddr,
        socket: PathBuf,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            socket,
            own: Mutex::default(),
            token: Mutex::default(),
            cookie: Mutex::default(),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, tls.map(TlsAcceptor::from), Arc::clone(&shared)));
        Self { address, shared, task }
    }

    /// Answers calls of this method, or all but `GET /` if it is empty, in the plugin's place.
    pub(super) fn answer(&self, method: &'static str, own: Own) {
        *self.shared.own.lock().unwrap() = Some((method, own));
    }

    /// Asks for this token from now on.
    pub(super) fn ask_for(&self, token: &str) {
        *self.shared.token.lock().unwrap() = Some(format!("Bearer {token}"));
    }

    /// Sets this cookie with each answer from now on, as a balancer does.
    pub(super) fn set_cookie(&self, cookie: &'static str) {
        *self.shared.cookie.lock().unwrap() = Some(cookie);
    }

    /// The requests for this path.
    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// The requests for the paths below this one.
    pub(super) fn seen_below(&self, path: &str) -> Vec<Seen> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path.starts_with(path)).cloned().collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Ends the gateway with all its connections.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Ends with this task.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            stream.set_nodelay(true).unwrap();
            match tls {
                None => connection(stream, shared).await,
                // Whom it does not let in, it does not serve.
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => connection(stream, shared).await,
                    Err(error) => eprintln!("the gateway lets nobody in: {error}"),
                },
            }
        });
    }
}

async fn connection<S>(stream: S, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection that a client ends, or that is cut off on purpose.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Answer> {
    let path = request.uri().path().to_owned();
    let seen = Seen { version: request.version(), path, headers: request.headers().clone() };
    let path = seen.path.clone();
    let authorization = seen.headers.get("authorization").cloned();
    shared.seen.lock().unwrap().push(seen);
    let token = shared.token.lock().unwrap().clone();
    if token.is_some_and(|token| authorization.is_none_or(|it| it != token)) {
        return Ok(whole(401, &[], "who are you?"));
    }
    let own = shared.own.lock().unwrap().clone();
    match own.filter(|(method, _)| is_for(method, &path)) {
        None => {
            let mut answer = forward(request, &shared.socket).await?;
            if let Some(cookie) = *shared.cookie.lock().unwrap() {
                answer.headers_mut().append("set-cookie", cookie.parse().unwrap());
            }
            Ok(answer)
        }
        Some((_, Own::Whole(status, headers, body))) => Ok(whole(status, &headers, body)),
        Some((_, Own::CutOff)) => {
            let body = BoxBody::new(CutOff { has_begun: false });
            let answer = Response::builder().header("content-type", "application/json");
            Ok(answer.body(body).unwrap())
        }
        Some((_, Own::Silence)) => {
            tokio::time::sleep(WAIT_TIMEOUT).await;
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

fn is_for(method: &str, path: &str) -> bool {
    if method.is_empty() { path != "/" } else { path.trim_start_matches('/') == method }
}

fn whole(status: u16, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let body = Full::new(Bytes::from_static(body.as_bytes())).map_err(|never| match never {});
    let mut answer = Response::new(BoxBody::new(body));
    *answer.status_mut() = status.try_into().unwrap();
    for (name, value) in headers {
        let name = hyper::header::HeaderName::try_from(*name).unwrap();
        answer.headers_mut().append(name, value.parse().unwrap());
    }
    answer
}

/// Gives a request to the plugin, on a connection of its own.
async fn forward(mut request: Request<Incoming>, socket: &std::path::Path) -> io::Result<Answer> {
    let stream = transport::connect(socket, WAIT_TIMEOUT).await?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    *request.uri_mut() = path.parse().unwrap();
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().insert("host", "plugin".parse().unwrap());
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let (mut head, body) = answer.into_parts();
    head.version = Version::HTTP_11;
    head.headers.remove("connection");
    head.headers.remove("transfer-encoding");
    Ok(Response::from_parts(head, BoxBody::new(body.map_err(io::Error::other))))
}

/// The beginning of a body.
struct CutOff {
    has_begun: bool,
}

impl Body for CutOff {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
        }
        cx.waker().wake_by_ref();
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"1")))))
    }
}

/// A server that speaks no HTTP: it says this, and closes the connection.
pub(super) async fn speaking(text: &'static str) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = say(&mut stream, text).await;
        }
    });
    (address, task)
}

async fn say(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut some = [0; 16];
    stream.read_exact(&mut some).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
