//! Requests whose body is a stream. Each has a connection of its own.

use tokio::time::Instant;

use super::streams::begun;
use super::{Admission, LocalEndpoint};
use crate::host::connection::answer::Answer;
use crate::host::connection::blocking::BlockingConnection;
use crate::host::connection::error::SendError;
use crate::host::connection::exchange::{Connection, StreamingTimes};
use crate::host::connection::pool::Member;
use crate::host::connection::request_body::RequestBody;
use crate::host::connection::result_stream::{Begun, ResultStream};
use crate::host::runtime;
use crate::http1::{Request, Response};

impl LocalEndpoint {
    /// Sends a request with this body, on a connection that is there by the deadline. Dropping the
    /// future cancels the request.
    pub(in crate::host) async fn send_body(
        &self,
        request: &Request<'_>,
        body: &mut RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        let (connection, response) = self.exchange_body(request, body, times, deadline).await?;
        self.connections.put(connection);
        Ok(response)
    }

    /// As [`LocalEndpoint::send_body`], and waits for the head of the response. The rest of the body is sent
    /// while the stream is read.
    pub(in crate::host) async fn send_body_for_stream(
        &self,
        request: &Request<'_>,
        mut body: RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Begun<ResultStream<Connection>>, SendError> {
        let (connection, answer) = self.exchange_body(request, &mut body, times, deadline).await?;
        Ok(begun(connection, answer, Some(body), &self.connections))
    }

    async fn exchange_body<A: Answer>(
        &self,
        request: &Request<'_>,
        body: &mut RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<(Box<Member<Connection>>, A), SendError> {
        let authority = self.authority.as_bytes();
        let runtime = runtime::current().map_err(SendError::Runtime)?;
        loop {
            let idle = self.connections.take(|connection| connection.is_of(runtime));
            let (mut connection, was_idle) = match idle {
                Some(connection) => (connection, true),
                None => Box::pin(self.open(runtime, deadline, Admission::Call)).await?,
            };
            match connection.transmit_body(request, body, authority, times).await {
                Ok(answer) => return Ok((connection, answer)),
                Err(SendError::Unsent(_)) if was_idle => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`LocalEndpoint::send_body`], but blocks.
    pub(in crate::host) fn send_body_blocking(
        &self,
        request: &Request<'_>,
        body: &mut RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        let (connection, response) = self.exchange_body_blocking(request, body, times, deadline)?;
        self.blocking.put(connection);
        Ok(response)
    }

    /// As [`LocalEndpoint::send_body_for_stream`], but blocks. So does reading the stream.
    pub(in crate::host) fn send_body_for_stream_blocking(
        &self,
        request: &Request<'_>,
        mut body: RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<Begun<ResultStream<BlockingConnection>>, SendError> {
        let (connection, answer) =
            self.exchange_body_blocking(request, &mut body, times, deadline)?;
        Ok(begun(connection, answer, Some(body), &self.blocking))
    }

    fn exchange_body_blocking<A: Answer>(
        &self,
        request: &Request<'_>,
        body: &mut RequestBody,
        times: StreamingTimes,
        deadline: Instant,
    ) -> Result<(Box<Member<BlockingConnection>>, A), SendError> {
        loop {
            let (mut connection, was_idle) = match self.blocking.take(|_| true) {
                Some(connection) => (connection, true),
                None => self.open_blocking(deadline, Admission::Call)?,
            };
            match connection.exchange_body(request, body, &self.authority, times) {
                Ok(answer) => return Ok((connection, answer)),
                Err(SendError::Unsent(_)) if was_idle => {}
                Err(error) => return Err(error),
            }
        }
    }
}
