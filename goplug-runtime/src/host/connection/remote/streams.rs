//! Requests whose body or whose answer is a stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::incoming::{check_end, is_events, is_stream};
use super::outgoing::Outgoing;
use super::pump::Pump;
use super::stream::{BlockingRemoteStream, RemoteEvents, RemoteStream};
use super::waiting::{InTask, InThread, Waiting};
use super::{RemoteEndpoint, Times, in_thread, into_io};
use crate::host::connection::error::SendError;
use crate::host::connection::event_stream::Opened;
use crate::host::connection::exchange::StreamingTimes;
use crate::host::connection::local::Admission;
use crate::host::connection::request_body::RequestBody;
use crate::host::connection::result_stream::Begun;
use crate::host::runtime;
use crate::http1::{Request, Response};

impl RemoteEndpoint {
    /// Sends a request and waits for the head of its answer, which may begin a stream.
    pub(in crate::host::connection) async fn send_for_stream(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<RemoteStream>, SendError> {
        runtime::check().map_err(SendError::Runtime)?;
        self.begin_stream::<InTask>(request, deadline, admission).await
    }

    /// As [`RemoteEndpoint::send_for_stream`], but blocks. So does reading the stream.
    pub(in crate::host::connection) fn send_for_stream_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<BlockingRemoteStream>, SendError> {
        let begun = in_thread(self.begin_stream::<InThread>(request, deadline, admission))?;
        Ok(begun.map(BlockingRemoteStream))
    }

    async fn begin_stream<W: Waiting>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<RemoteStream>, SendError> {
        let times = Times::Until(deadline);
        let body = Outgoing::of(request);
        let begun = self.begin::<W>(request, body, times, deadline, admission).await?;
        self.begun::<W>(begun, None, deadline).await
    }

    /// Sends a request with this body, and reads its response.
    pub(in crate::host::connection) async fn send_body(
        &self,
        request: &Request<'_>,
        body: &RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        runtime::check().map_err(SendError::Runtime)?;
        self.exchange_body::<InTask>(request, body, times, deadline).await
    }

    /// As [`RemoteEndpoint::send_body`], but blocks.
    pub(in crate::host::connection) fn send_body_blocking(
        &self,
        request: &Request<'_>,
        body: &RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        in_thread(self.exchange_body::<InThread>(request, body, times, deadline))
    }

    async fn exchange_body<W: Waiting>(
        &self,
        request: &Request<'_>,
        body: &RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        let (begun, _) = self.begin_body::<W>(request, body, times, deadline).await?;
        let until = Instant::now() + times.pause;
        self.finish::<W>(begun, until).await?.into_response()
    }

    /// As [`RemoteEndpoint::send_body`], and waits for the head of the response. The rest of the body is
    /// sent while the stream is read.
    pub(in crate::host::connection) async fn send_body_for_stream(
        &self,
        request: &Request<'_>,
        body: &RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Begun<RemoteStream>, SendError> {
        runtime::check().map_err(SendError::Runtime)?;
        let (begun, pump) = self.begin_body::<InTask>(request, body, times, deadline).await?;
        self.begun::<InTask>(begun, Some(pump), Instant::now() + times.pause).await
    }

    /// As [`RemoteEndpoint::send_body_for_stream`], but blocks. So does reading the stream.
    pub(in crate::host::connection) fn send_body_for_stream_blocking(
        &self,
        request: &Request<'_>,
        body: &RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Begun<BlockingRemoteStream>, SendError> {
        let begun = in_thread(async {
            let (begun, pump) = self.begin_body::<InThread>(request, body, times, deadline).await?;
            self.begun::<InThread>(begun, Some(pump), Instant::now() + times.pause).await
        })?;
        Ok(begun.map(BlockingRemoteStream))
    }

    async fn begin_body<W: Waiting>(
        &self,
        request: &Request<'_>,
        body: &RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<(super::Begun, Pump), SendError> {
        let (mut pump, outgoing) = Pump::new(body);
        let while_sending = Times::WhileSending(&mut pump, times);
        let admission = Admission::Call;
        let begun = self.begin::<W>(request, outgoing, while_sending, deadline, admission).await?;
        Ok((begun, pump))
    }

    /// What an answer begins: a stream, or an ordinary response, which is read by this deadline.
    async fn begun<W: Waiting>(
        &self,
        (checkout, answer): super::Begun,
        pump: Option<Pump>,
        deadline: Instant,
    ) -> Result<Begun<RemoteStream>, SendError> {
        if !is_stream(&answer) {
            let collected = self.finish::<W>((checkout, answer), deadline).await?;
            if collected.is_unauthorized() {
                // The next call has the new one, if there is one.
                self.renewed::<W>(deadline).await;
            }
            return collected.into_response().map(Begun::Response);
        }
        let is_events = is_events(answer.headers());
        if !is_events {
            check_end(&answer)?;
        }
        let connections = Arc::clone(&self.connections);
        let body = answer.into_body();
        Ok(Begun::Stream(RemoteStream::new(body, is_events, pump, checkout, connections)))
    }

    /// Sends a request for a stream of callbacks, and waits for the head of the answer within this time.
    pub(in crate::host::connection) async fn open_stream(
        &self,
        request: &Request<'_>,
        within: Duration,
    ) -> io::Result<Opened<RemoteEvents>> {
        let deadline = Instant::now() + within;
        let (times, body) = (Times::Until(deadline), Outgoing::of(request));
        let admission = Admission::Control;
        let begun = self.begin::<InTask>(request, body, times, deadline, admission).await;
        let (checkout, answer) = begun.map_err(into_io)?;
        if is_stream(&answer) && is_events(answer.headers()) {
            let events = RemoteEvents::new(answer.into_body(), checkout);
            return Ok(Opened::Stream(events));
        }
        let collected =
            self.finish::<InTask>((checkout, answer), deadline).await.map_err(into_io)?;
        if collected.is_unauthorized() {
            self.renewed::<InTask>(deadline).await;
        }
        collected.into_response().map(Opened::Response).map_err(into_io)
    }
}
