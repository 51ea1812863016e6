//! Requests whose result may be a stream. It comes on the connection of the request, which is given
//! back when the stream has ended.

use tokio::time::Instant;

use super::{Admission, Endpoint};
use crate::host::connection::answer::StreamedAnswer;
use crate::host::connection::blocking::BlockingConnection;
use crate::host::connection::error::SendError;
use crate::host::connection::exchange::Connection;
use crate::host::connection::pool::Member;
use crate::host::connection::result_stream::{Begun, ResultStream};
use crate::host::runtime;
use crate::http1::Request;

impl Endpoint {
    /// Sends a request as [`Endpoint::send`] does, and waits for the head of the response.
    pub(in crate::host) async fn send_for_stream(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<ResultStream<Connection>>, SendError> {
        let authority = self.authority.as_bytes();
        let runtime = runtime::current().map_err(SendError::Runtime)?;
        loop {
            let idle = match admission {
                Admission::NewConnection => None,
                _ => self.connections.take(|connection| connection.is_of(runtime)),
            };
            let (mut connection, was_idle) = match idle {
                Some(connection) => (connection, true),
                None => Box::pin(self.open(runtime, deadline, admission)).await?,
            };
            match connection.transmit(request, authority, deadline, || false).await {
                Ok(StreamedAnswer::Stream(head)) => {
                    connection.begin_body();
                    return Ok(Begun::Stream(ResultStream::new(connection, head)));
                }
                Ok(StreamedAnswer::Response(response)) => {
                    self.connections.put(connection);
                    return Ok(Begun::Response(response));
                }
                Err(SendError::Unsent(_)) if was_idle => {}
                Err(error) if was_idle => return Err(error.on_idle()),
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`Endpoint::send_for_stream`], but blocks.
    pub(in crate::host) fn send_for_stream_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<ResultStream<BlockingConnection>>, SendError> {
        loop {
            let idle = match admission {
                Admission::NewConnection => None,
                _ => self.blocking.take(|_| true),
            };
            let (mut connection, was_idle) = match idle {
                Some(connection) => (connection, true),
                None => self.open_blocking(deadline, admission)?,
            };
            match connection.exchange(request, &self.authority, deadline.into()) {
                Ok(StreamedAnswer::Stream(head)) => {
                    connection.begin_body();
                    return Ok(Begun::Stream(ResultStream::new(connection, head)));
                }
                Ok(StreamedAnswer::Response(response)) => {
                    self.blocking.put(connection);
                    return Ok(Begun::Response(response));
                }
                Err(SendError::Unsent(_)) if was_idle => {}
                Err(error) if was_idle => return Err(error.on_idle()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes back the connection of a stream that has ended.
    pub(in crate::host::connection) fn put_back(&self, connection: Box<Member<Connection>>) {
        self.connections.put(connection);
    }

    /// Takes back the connection of a stream that has ended.
    pub(in crate::host::connection) fn put_back_blocking(
        &self,
        connection: Box<Member<BlockingConnection>>,
    ) {
        self.blocking.put(connection);
    }
}
