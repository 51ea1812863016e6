//! Requests whose body or whose result is a stream.

use tokio::time::Instant;

use super::Endpoint;
use crate::host::connection::blocking::BlockingConnection;
use crate::host::connection::call_stream::CallStream;
use crate::host::connection::error::SendError;
use crate::host::connection::exchange::{Connection, StreamingTimes};
use crate::host::connection::local::Admission;
use crate::host::connection::remote::{BlockingRemoteStream, RemoteStream};
use crate::host::connection::request_body::RequestBody;
use crate::host::connection::result_stream::Begun;
use crate::http1::{Request, Response};

/// The result of a call whose caller awaits it.
type AsyncStream = CallStream<Connection, RemoteStream>;

/// The result of a call whose caller blocks.
type BlockingStream = CallStream<BlockingConnection, BlockingRemoteStream>;

impl Endpoint {
    /// Sends a request with this body, on a connection that is there by the deadline. Dropping the
    /// future cancels the request.
    pub(in crate::host) async fn send_body(
        &self,
        request: &Request<'_>,
        body: &mut RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        match self {
            Self::Local(local) => local.send_body(request, body, times, deadline).await,
            Self::Remote(remote) => {
                Box::pin(remote.send_body(request, body, times, deadline)).await
            }
        }
    }

    /// As [`Endpoint::send_body`], and waits for the head of the response. The rest of the body is sent
    /// while the stream is read.
    pub(in crate::host) async fn send_body_for_stream(
        &self,
        request: &Request<'_>,
        body: RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Begun<AsyncStream>, SendError> {
        match self {
            Self::Local(local) => local
                .send_body_for_stream(request, body, times, deadline)
                .await
                .map(|begun| begun.map(CallStream::Local)),
            Self::Remote(remote) => {
                Box::pin(remote.send_body_for_stream(request, &body, times, deadline))
                    .await
                    .map(|begun| begun.map(CallStream::Remote))
            }
        }
    }

    /// As [`Endpoint::send_body`], but blocks.
    pub(in crate::host) fn send_body_blocking(
        &self,
        request: &Request<'_>,
        body: &mut RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        match self {
            Self::Local(local) => local.send_body_blocking(request, body, times, deadline),
            Self::Remote(remote) => remote.send_body_blocking(request, body, times, deadline),
        }
    }

    /// As [`Endpoint::send_body_for_stream`], but blocks. So does reading the stream.
    pub(in crate::host) fn send_body_for_stream_blocking(
        &self,
        request: &Request<'_>,
        body: RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Begun<BlockingStream>, SendError> {
        match self {
            Self::Local(local) => local
                .send_body_for_stream_blocking(request, body, times, deadline)
                .map(|begun| begun.map(CallStream::Local)),
            Self::Remote(remote) => remote
                .send_body_for_stream_blocking(request, &body, times, deadline)
                .map(|begun| begun.map(CallStream::Remote)),
        }
    }

    /// Sends a request as [`Endpoint::send`] does, and waits for the head of the response.
    pub(in crate::host) async fn send_for_stream(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<AsyncStream>, SendError> {
        match self {
            Self::Local(local) => {
                let begun = local.send_for_stream(request, deadline, admission).await?;
                Ok(begun.map(CallStream::Local))
            }
            Self::Remote(remote) => {
                let begun = Box::pin(remote.send_for_stream(request, deadline, admission)).await?;
                Ok(begun.map(CallStream::Remote))
            }
        }
    }

    /// As [`Endpoint::send_for_stream`], but blocks.
    pub(in crate::host) fn send_for_stream_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<BlockingStream>, SendError> {
        match self {
            Self::Local(local) => {
                let begun = local.send_for_stream_blocking(request, deadline, admission)?;
                Ok(begun.map(CallStream::Local))
            }
            Self::Remote(remote) => {
                let begun = remote.send_for_stream_blocking(request, deadline, admission)?;
                Ok(begun.map(CallStream::Remote))
            }
        }
    }
}
