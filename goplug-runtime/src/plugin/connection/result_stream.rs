//! A streamed result: the body of a response that ends when the method's stream does.

use std::future::poll_fn;
use std::io::IoSlice;
use std::task::Poll;

use tokio::time::sleep;

use super::buffered_stream::{BufferedStream, Closed};
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size};
use crate::limits;
use crate::plugin::lifecycle::{Lifecycle, Phase};
use crate::plugin::result_stream::{ResultStream, StreamPiece};
use crate::plugin::select::{Either, select};

/// What follows the last data of a body.
const LAST_DATA_END: &[u8] = b"\r\n0\r\n\r\n";

/// Sends items as the method makes them, until there are no more. Then another request may follow.
///
/// # Errors
/// [`Closed`] if the peer hangs up, if the stream has failed and its body cannot say so, or if the
/// plugin stops and the peer is too slow to take the rest.
pub(super) async fn send(
    stream: &mut BufferedStream,
    mut result: ResultStream,
    lifecycle: &Lifecycle,
) -> Result<(), Closed> {
    let too_slow = async {
        lifecycle.reached(Phase::CuttingOff).await;
        sleep(limits::FLUSH_TIMEOUT).await;
    };
    match select(send_all(stream, &mut result), too_slow).await {
        Either::Left(sent) => sent,
        Either::Right(()) => Err(Closed),
    }
}

async fn send_all(stream: &mut BufferedStream, result: &mut ResultStream) -> Result<(), Closed> {
    let mut size = Vec::new();
    loop {
        let (data, end) = match next_piece(stream, result).await? {
            StreamPiece::Data(data) => (data, CHUNK_END),
            StreamPiece::Last(data) if data.is_empty() => (data, LAST_CHUNK),
            StreamPiece::Last(data) => (data, LAST_DATA_END),
            StreamPiece::CutOff => return Err(Closed),
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

/// The next piece. Meanwhile the connection listens to its peer.
async fn next_piece(
    stream: &mut BufferedStream,
    result: &mut ResultStream,
) -> Result<StreamPiece, Closed> {
    let mut hangup_timer = None;
    poll_fn(|cx| match result.poll_piece(cx) {
        Poll::Ready(piece) => Poll::Ready(Ok(piece)),
        Poll::Pending => stream.poll_gone(cx, &mut hangup_timer).map(|()| Err(Closed)),
    })
    .await
}
