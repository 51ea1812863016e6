//! A stream of callbacks: the body of a response that goes on until one of the two sides ends
//! it.

use std::future::poll_fn;
use std::io::IoSlice;
use std::task::Poll;

use bytes::Bytes;
use tokio::time::sleep;

use super::buffered_stream::{BufferedStream, Closed};
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size};
use crate::limits;
use crate::plugin::callbacks::CallbackStream;
use crate::plugin::lifecycle::{Lifecycle, Phase};
use crate::plugin::select::{Either, select};

/// Sends events as they come, until there are no more.
///
/// # Errors
/// [`Closed`] if the peer hangs up, or if the plugin stops and the peer is too slow to take the
/// remaining events.
pub(super) async fn send(
    stream: &mut BufferedStream,
    mut events: CallbackStream,
    lifecycle: &Lifecycle,
) -> Result<(), Closed> {
    let too_slow = async {
        lifecycle.reached(Phase::Closing).await;
        sleep(limits::FLUSH_TIMEOUT).await;
    };
    match select(send_all(stream, &mut events), too_slow).await {
        Either::Left(sent) => sent,
        Either::Right(()) => Err(Closed),
    }
}

async fn send_all(stream: &mut BufferedStream, events: &mut CallbackStream) -> Result<(), Closed> {
    let mut size = Vec::new();
    while let Some(piece) = next_piece(stream, events).await? {
        size.clear();
        write_chunk_size(&mut size, piece.len());
        let mut chunk = [&size, &piece[..], CHUNK_END].map(IoSlice::new);
        // How long a host may be behind is limited where callbacks are sent, not here.
        stream.write(&mut chunk, limits::MAX_DURATION).await?;
    }
    Ok(stream.write(&mut [IoSlice::new(LAST_CHUNK)], limits::FLUSH_TIMEOUT).await?)
}

/// The next piece; `None` at the end of the stream.
async fn next_piece(
    stream: &mut BufferedStream,
    events: &mut CallbackStream,
) -> Result<Option<Bytes>, Closed> {
    let mut hangup_timer = None;
    poll_fn(|cx| match events.poll_piece(cx) {
        Poll::Ready(piece) => Poll::Ready(Ok(piece)),
        Poll::Pending => stream.poll_gone(cx, &mut hangup_timer).map(|()| Err(Closed)),
    })
    .await
}
