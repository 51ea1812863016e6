//! The plugin of bare hyper alone. It adds, and serves one connection.

use std::convert::Infallible;
use std::error::Error;
use std::io::stdin;
use std::os::fd::AsFd;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::UnixListener;

#[derive(Deserialize)]
struct Pair {
    a: i64,
    b: i64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    // Standard input is the listening socket, which the host has bound.
    let listener = std::os::unix::net::UnixListener::from(stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    let (stream, _) = UnixListener::from_std(listener)?.accept().await?;
    let service = service_fn(|request| async {
        let (status, body) = match add(request).await {
            Ok(sum) => (StatusCode::OK, sum),
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string().into()),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        Ok::<_, Infallible>(response)
    });
    Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

async fn add(request: Request<Incoming>) -> Result<Bytes, Box<dyn Error>> {
    if request.uri().path() != "/add" {
        return Err("no such path".into());
    }
    let Pair { a, b } = serde_json::from_slice(&request.collect().await?.to_bytes())?;
    Ok(serde_json::to_vec(&a.wrapping_add(b))?.into())
}
