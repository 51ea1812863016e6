//! gRPC by tonic over a Unix socket. Messages and service are written by hand, as tonic's
//! generator would write them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming, client, server};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::plugin_process::{PluginProcess, listener_async};
use crate::vocabulary::workload::SLOW_CALL;
use crate::vocabulary::{Callbacks, Client, Peer, PeerName, PluginProgram};

/// In bytes. 16 MiB and their envelope must fit into one message.
const LARGEST_MESSAGE: usize = 64 << 20;

const ADD: &str = "/bench.Adder/Add";
const ECHO: &str = "/bench.Adder/Echo";
const TAKE: &str = "/bench.Adder/Take";
const SLOW: &str = "/bench.Adder/Slow";
const CALL_BACK: &str = "/bench.Adder/CallBack";
const COUNT: &str = "/bench.Adder/Count";

#[derive(Clone, PartialEq, prost::Message)]
struct Pair {
    #[prost(int64, tag = "1")]
    a: i64,
    #[prost(int64, tag = "2")]
    b: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Sum {
    #[prost(int64, tag = "1")]
    value: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Number {
    #[prost(uint64, tag = "1")]
    value: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Blob {
    #[prost(bytes = "bytes", tag = "1")]
    bytes: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
struct Calls {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(bool, tag = "2")]
    joined: bool,
}

pub(crate) struct Tonic {
    process: PluginProcess,
    channel: Option<Channel>,
}

impl Peer for Tonic {
    type Client = TonicClient;

    async fn new(program: PluginProgram) -> Result<Self> {
        Ok(Self { process: PluginProcess::new(PeerName::Tonic, program)?, channel: None })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        let address = format!("unix://{}", self.process.socket().display());
        self.channel = Some(Endpoint::from_shared(address)?.connect().await?);
        Ok(())
    }

    async fn client(&self) -> Result<TonicClient> {
        let channel = self.channel.clone().context("the other process was not started")?;
        let grpc = client::Grpc::new(channel)
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE);
        Ok(TonicClient { grpc })
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.channel = None;
        self.process.stop();
        Ok(())
    }
}

pub(crate) struct TonicClient {
    grpc: client::Grpc<Channel>,
}

impl TonicClient {
    async fn call<Q, R>(&mut self, path: &'static str, request: Q) -> Result<R>
    where
        Q: prost::Message + 'static,
        R: prost::Message + Default + 'static,
    {
        self.grpc.ready().await?;
        let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::default());
        Ok(self.grpc.unary(Request::new(request), path, codec).await?.into_inner())
    }
}

impl Client for TonicClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        let sum: Sum = self.call(ADD, Pair { a, b }).await?;
        Ok(sum.value)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        let blob: Blob = self.call(ECHO, Blob { bytes }).await?;
        Ok(blob.bytes)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        let number: Number = self.call(TAKE, Blob { bytes }).await?;
        Ok(number.value)
    }

    /// A server's callbacks are a stream.
    async fn receive_items(&mut self, count: u64) -> Result<()> {
        self.call_back(Callbacks { count, joined: true }).await
    }

    async fn send_items(&mut self, count: u64) -> Result<u64> {
        self.grpc.ready().await?;
        let (path, codec) = (PathAndQuery::from_static(COUNT), ProstCodec::default());
        let request = Request::new(stream::iter((0..count).map(|value| Number { value })));
        let number: Number = self.grpc.client_streaming(request, path, codec).await?.into_inner();
        Ok(number.value)
    }

    async fn slow(&mut self) -> Result<()> {
        let Nothing {} = self.call(SLOW, Nothing {}).await?;
        Ok(())
    }

    async fn call_back(&mut self, Callbacks { count, joined }: Callbacks) -> Result<()> {
        self.grpc.ready().await?;
        let (path, codec) = (PathAndQuery::from_static(CALL_BACK), ProstCodec::default());
        let request = Request::new(Calls { count, joined });
        let mut calls = self.grpc.server_streaming(request, path, codec).await?.into_inner();
        for number in 0..count {
            let call: Option<Number> = calls.message().await?;
            ensure!(call == Some(Number { value: number }), "{call:?} in place of {number}");
        }
        Ok(())
    }
}

/// How many numbers come in order.
async fn count(request: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
    let (mut numbers, mut count) = (request.into_inner(), 0);
    while let Some(number) = numbers.message().await? {
        count += u64::from(number.value == count);
    }
    Ok(Response::new(Number { value: count }))
}

/// Is the plugin process.
pub(super) async fn serve() -> Result<()> {
    let incoming = UnixListenerStream::new(listener_async()?);
    Ok(Server::builder().serve_with_incoming(Adder, incoming).await?)
}

#[derive(Clone)]
struct Adder;

impl Service<http::Request<Body>> for Adder {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(respond(request).await) })
    }
}

async fn respond(request: http::Request<Body>) -> http::Response<Body> {
    match request.uri().path() {
        ADD => {
            let add = |pair: Pair| Sum { value: pair.a.wrapping_add(pair.b) };
            unary(add, request).await
        }
        ECHO => unary(|blob: Blob| blob, request).await,
        TAKE => unary(|blob: Blob| Number { value: blob.bytes.len() as u64 }, request).await,
        SLOW => {
            let slow = |_: Request<Nothing>| async {
                tokio::time::sleep(SLOW_CALL).await;
                Ok::<_, Status>(Response::new(Nothing {}))
            };
            let mut grpc = server::Grpc::new(ProstCodec::<Nothing, Nothing>::default());
            grpc.unary(service_fn(slow), request).await
        }
        CALL_BACK => {
            let call_back = |request: Request<Calls>| {
                let Calls { count, joined } = request.into_inner();
                let stream = Numbers { next: 0, count, joined, pause: false };
                std::future::ready(Ok::<_, Status>(Response::new(stream)))
            };
            let mut grpc = server::Grpc::new(ProstCodec::<Number, Calls>::default());
            grpc.server_streaming(service_fn(call_back), request).await
        }
        COUNT => {
            let mut grpc = server::Grpc::new(ProstCodec::<Number, Number>::default());
            grpc.client_streaming(service_fn(count), request).await
        }
        path => Status::unimplemented(path).into_http(),
    }
}

async fn unary<Q, R>(method: fn(Q) -> R, request: http::Request<Body>) -> http::Response<Body>
where
    Q: prost::Message + Default + 'static,
    R: prost::Message + 'static,
{
    let call = |request: Request<Q>| {
        std::future::ready(Ok::<_, Status>(Response::new(method(request.into_inner()))))
    };
    let mut grpc = server::Grpc::new(ProstCodec::<R, Q>::default())
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    grpc.unary(service_fn(call), request).await
}

/// Callbacks, which are a stream in gRPC.
struct Numbers {
    next: u64,
    count: u64,
    joined: bool,
    /// Whether the stream yields before the next number, so that the last one is sent alone.
    pause: bool,
}

impl Stream for Numbers {
    type Item = Result<Number, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.next == self.count {
            return Poll::Ready(None);
        }
        self.pause = !self.joined;
        self.next += 1;
        Poll::Ready(Some(Ok(Number { value: self.next - 1 })))
    }
}
