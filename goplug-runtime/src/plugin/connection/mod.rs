//! One connection, from its first byte to its end.
//!
//! goplug's own codec ([`h1`]) reads and answers nearly all requests, and writes the streams of
//! callbacks that some of them open ([`event_stream`]) and streamed results ([`result_stream`]). The
//! first request that it does not support, such as an HTTP/1.0 request, hands the connection over to
//! the [`fallback`], together with the bytes that have been read from it: to hyper, or to a refusal
//! if the feature `hyper` is off.
//!
//! The files, each of which imports only from those before it: [`buffered_stream`], [`outbox`],
//! [`feed`], [`idle`], [`h1`], [`piece`], [`event_stream`], [`result_stream`], [`fallback`]. Start with [`serve`].

mod buffered_stream;
mod event_stream;
mod fallback;
mod feed;
mod h1;
mod idle;
mod outbox;
mod piece;
mod result_stream;

use std::sync::Arc;

use self::buffered_stream::BufferedStream;
use self::h1::{H1Connection, Served};
use self::result_stream::SendResult;
use super::lifecycle::Phase;
use super::request_handler::RequestHandler;
use crate::transport::Stream;

pub(super) use self::h1::{ANSWER_INCOMING, READ_REPLIES};
pub(super) use self::idle::IdleState;
pub(super) use self::result_stream::SEND_RESULT;

/// Serves one connection until its peer or the plugin ends it. `id` is the connection's number
/// among all connections of the server.
pub(super) async fn serve(
    stream: Stream,
    handler: Arc<RequestHandler>,
    id: u64,
    idle: Arc<IdleState>,
) {
    let lifecycle = handler.lifecycle();
    let _registrations = handler.connected(id);
    let mut connection = H1Connection::new(BufferedStream::new(stream), &handler, id, idle);
    loop {
        match lifecycle.until(Phase::Closing, connection.serve()).await {
            Some(Served::Callbacks(events)) => {
                if event_stream::send(&mut connection.stream, events, lifecycle).await.is_err() {
                    return;
                }
            }
            Some(Served::Result(result, feed)) => {
                let stream = &mut connection.stream;
                let Some(SendResult(send)) = handler.definition().streaming_part() else { return };
                if send(stream, result, feed, &handler).await.is_err() {
                    return;
                }
            }
            Some(Served::Unsupported) => break,
            // Every response has been written by now.
            Some(Served::Closed) | None => return connection.end().await,
        }
    }
    fallback::serve(connection, &handler, id).await;
}
