//! The plugin of tonic alone. It adds. Messages and service are written by hand, as tonic's
//! generator would write them.

use std::convert::Infallible;
use std::error::Error;
use std::io::stdin;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::Server;
use tonic::{Request, Response, Status, server};
use tonic_prost::ProstCodec;
use tower::service_fn;

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

#[derive(Clone)]
struct Adder;

impl Service<http::Request<Body>> for Adder {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(respond(request).await) })
    }
}

async fn respond(request: http::Request<Body>) -> http::Response<Body> {
    if request.uri().path() != "/bench.Adder/Add" {
        return Status::unimplemented("there is add alone").into_http();
    }
    let add = |request: Request<Pair>| {
        let Pair { a, b } = request.into_inner();
        std::future::ready(Ok::<_, Status>(Response::new(Sum { value: a.wrapping_add(b) })))
    };
    server::Grpc::new(ProstCodec::<Sum, Pair>::default()).unary(service_fn(add), request).await
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    // Standard input is the listening socket, which the host has bound.
    let listener = std::os::unix::net::UnixListener::from(stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    let incoming = UnixListenerStream::new(UnixListener::from_std(listener)?);
    Ok(Server::builder().serve_with_incoming(Adder, incoming).await?)
}
