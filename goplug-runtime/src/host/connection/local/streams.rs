//! Requests whose result may be a stream. It comes on the connection of the request, which is given
//! back when the stream has ended.

use std::future::Future;

use tokio::time::Instant;

use super::{Admission, LocalEndpoint};
use crate::host::connection::answer::StreamedAnswer;
use crate::host::connection::blocking::BlockingConnection;
use crate::host::connection::error::SendError;
use crate::host::connection::exchange::Connection;
use crate::host::connection::pool::{Member, Pool, Pooled};
use crate::host::connection::request_body::RequestBody;
use crate::host::connection::result_stream::{Begun, BodySource, ResultStream};
use crate::http1::Request;

impl LocalEndpoint {
    /// Sends a request as [`LocalEndpoint::send`] does, and waits for the head of the response.
    pub(in crate::host) fn send_for_stream(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> impl Future<Output = Result<Begun<ResultStream<Connection>>, SendError>> {
        self.exchange(
            request,
            deadline,
            admission,
            || false,
            |connection, answer| begun(connection, answer, None, &self.connections),
        )
    }

    /// As [`LocalEndpoint::send_for_stream`], but blocks.
    pub(in crate::host) fn send_for_stream_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun<ResultStream<BlockingConnection>>, SendError> {
        self.exchange_blocking(request, deadline, admission, |connection, answer| {
            begun(connection, answer, None, &self.blocking)
        })
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

/// What the answer begins: a stream keeps its connection, and sends what is left of the request's body.
pub(super) fn begun<C: Pooled>(
    connection: Box<Member<C>>,
    answer: StreamedAnswer,
    body: Option<RequestBody>,
    pool: &Pool<C>,
) -> Begun<ResultStream<C>>
where
    ResultStream<C>: BodySource,
{
    match answer {
        StreamedAnswer::Stream(head) => Begun::Stream(ResultStream::new(connection, head, body)),
        StreamedAnswer::Response(response) => {
            pool.put(connection);
            Begun::Response(response)
        }
    }
}
