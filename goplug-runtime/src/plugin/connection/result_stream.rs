//! A streamed result: the body of a response that ends when the method's stream does.

use std::io::IoSlice;
use std::pin::Pin;
use std::task::Context;

use super::buffered_stream::{BufferedStream, Closed};
use super::feed::Feed;
use super::piece::{Burst, in_time, next};
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size, write_sender_error};
use crate::limits;
use crate::plugin::lifecycle::Phase;
use crate::plugin::request_handler::RequestHandler;
use crate::plugin::result_stream::{ResultStream, StreamPiece};

/// What follows the last data of a body.
const LAST_DATA_END: &[u8] = b"\r\n0\r\n\r\n";

/// Sends a streamed result, as [`send`] does.
pub(in crate::plugin) struct SendResult(pub(super) SendFn);

type SendFn = for<'a> fn(
    &'a mut BufferedStream,
    ResultStream,
    Option<Box<Feed>>,
    &'a RequestHandler,
) -> Sending<'a>;

type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Closed>> + Send + 'a>>;

/// For a plugin with streams.
pub(in crate::plugin) const SEND_RESULT: SendResult =
    SendResult(|stream, result, feed, handler| Box::pin(send(stream, result, feed, handler)));

/// Sends items as the method makes them, until there are no more, and reads its arguments meanwhile if
/// these are a stream. Then another request may follow.
///
/// # Errors
/// [`Closed`] if the peer hangs up, if a stream of bytes has failed, if the arguments have not been read to their end, or if the plugin stops and the peer is too slow to take
/// the rest.
async fn send(
    stream: &mut BufferedStream,
    mut result: ResultStream,
    mut feed: Option<Box<Feed>>,
    handler: &RequestHandler,
) -> Result<(), Closed> {
    stream.stream.expect_waits(true);
    let sent = send_all(stream, &mut result, feed.as_deref_mut());
    // The stop begins while the stream is sent, and with it what it may take.
    let flush = || handler.lifecycle().stop_limits(handler.settings().stop_timeout).flush;
    in_time(handler.lifecycle(), (Phase::CuttingOff, flush), sent).await?;
    stream.stream.expect_waits(false);
    // A stop does not wait for the peer.
    drop(result);
    let Some(feed) = feed else { return Ok(()) };
    if feed.finish(stream) {
        return Ok(());
    }
    stream.linger(handler.settings()).await;
    Err(Closed)
}

async fn send_all(
    stream: &mut BufferedStream,
    result: &mut ResultStream,
    mut feed: Option<&mut Feed>,
) -> Result<(), Closed> {
    let mut size = Vec::new();
    let mut burst = Burst::default();
    loop {
        burst.next().await;
        let poll = |cx: &mut Context<'_>| burst.note(result.poll_piece(cx));
        let piece = match &mut feed {
            Some(feed) => feed.until(stream, poll).await?,
            None => next(stream, poll).await?,
        };
        let (data, end) = match piece {
            StreamPiece::Data(data) => (data, CHUNK_END),
            StreamPiece::Last(data) if data.is_empty() => (data, LAST_CHUNK),
            StreamPiece::Last(data) => (data, LAST_DATA_END),
            StreamPiece::Failed(problem) => {
                size.clear();
                write_sender_error(&mut size, &problem.within(limits::MAX_TRAILER).to_json());
                stream.write(&mut [IoSlice::new(&size)], limits::MAX_DURATION).await?;
                return Err(Closed);
            }
        };
        size.clear();
        if !data.is_empty() {
            write_chunk_size(&mut size, data.len());
        }
        let mut chunk = [&size, &data[..], end].map(IoSlice::new);
        // A reader may take its time: the method waits for it.
        stream.write(&mut chunk, limits::MAX_DURATION).await?;
        if end != CHUNK_END {
            return Ok(());
        }
    }
}
