//! hyper's HTTP/1.1 connection and nothing else. The caller drives the connection, as in
//! goplug, so that no call has to pass through another task.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::bare::Pair;
use super::plugin_process::{PluginProcess, listener_async};
use crate::vocabulary::workload::SLOW_CALL;
use crate::vocabulary::{Client, Peer, PeerName, PluginProgram};

pub(crate) struct Hyper {
    process: PluginProcess,
}

impl Peer for Hyper {
    type Client = Connection;

    async fn new(program: PluginProgram) -> Result<Self> {
        Ok(Self { process: PluginProcess::new(PeerName::Hyper, program)? })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()
    }

    async fn client(&self) -> Result<Connection> {
        let stream = self.process.connect_async().await?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Connection { sender, driver: Some(Box::pin(driver)) })
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.process.stop();
        Ok(())
    }
}

type Driver = http1::Connection<TokioIo<UnixStream>, Full<Bytes>>;

pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` after the connection has ended.
    driver: Option<Pin<Box<Driver>>>,
}

impl Connection {
    async fn call(&mut self, path: &'static str, body: Bytes) -> Result<Bytes> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from(PathAndQuery::from_static(path));
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("bench"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let Self { sender, driver } = self;
        let exchange = async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            ensure!(response.status() == StatusCode::OK, "{path}: {}", response.status());
            collect(response.into_body()).await
        };
        drive(driver, exchange).await
    }
}

/// Polls a connection together with an exchange on it, until the exchange is ready.
async fn drive<F: Future>(driver: &mut Option<Pin<Box<Driver>>>, exchange: F) -> F::Output {
    let mut exchange = pin!(exchange);
    poll_fn(|cx| {
        if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
            *driver = None;
        }
        exchange.as_mut().poll(cx)
    })
    .await
}

impl Client for Connection {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        let body = serde_json::to_vec(&Pair { a, b })?;
        Ok(serde_json::from_slice(&self.call("/add", body.into()).await?)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        self.call("/echo", bytes).await
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(serde_json::from_slice(&self.call("/take", bytes).await?)?)
    }

    async fn slow(&mut self) -> Result<()> {
        Ok(serde_json::from_slice(&self.call("/slow", Bytes::new()).await?)?)
    }
}

/// Is the plugin process. Serves each connection in a task of its own.
pub(super) async fn serve() -> Result<()> {
    let listener = listener_async()?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service_fn(|request| async move {
            let (status, body) = match respond(request).await {
                Ok(body) => (StatusCode::OK, body),
                Err(error) => (StatusCode::BAD_REQUEST, format!("{error:#}").into()),
            };
            let mut response = Response::new(Full::new(body));
            *response.status_mut() = status;
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            Ok::<_, Infallible>(response)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("a connection: {error}");
            }
        });
    }
}

/// Collects a body, with at most one allocation if its length is known.
async fn collect(mut body: Incoming) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame?.into_data() else { continue };
        if whole.is_empty() && body.is_end_stream() {
            return Ok(chunk);
        }
        let expected = usize::try_from(body.size_hint().lower())?;
        if whole.is_empty() {
            whole.reserve(chunk.len() + expected);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

async fn respond(request: Request<Incoming>) -> Result<Bytes> {
    let (head, body) = request.into_parts();
    let body = collect(body).await?;
    match head.uri.path() {
        "/add" => {
            let Pair { a, b } = serde_json::from_slice(&body)?;
            Ok(serde_json::to_vec(&a.wrapping_add(b))?.into())
        }
        "/echo" => Ok(body),
        "/take" => Ok(serde_json::to_vec(&body.len())?.into()),
        "/slow" => {
            tokio::time::sleep(SLOW_CALL).await;
            Ok(serde_json::to_vec(&())?.into())
        }
        _ => None.context("no such path"),
    }
}
