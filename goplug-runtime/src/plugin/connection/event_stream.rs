//! A stream of callbacks: the body of a response that goes on until one of the two sides ends
//! it.

use std::io::IoSlice;

use super::buffered_stream::{BufferedStream, Closed};
use super::piece::{Burst, in_time, next};
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size};
use crate::limits;
use crate::plugin::callbacks::CallbackStream;
use crate::plugin::lifecycle::{Lifecycle, Phase};

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
    in_time(lifecycle, (Phase::Closing, || limits::FLUSH_TIMEOUT), send_all(stream, &mut events))
        .await
}

async fn send_all(stream: &mut BufferedStream, events: &mut CallbackStream) -> Result<(), Closed> {
    let mut size = Vec::new();
    let mut burst = Burst::default();
    while let Some(piece) = next(stream, |cx| burst.note(events.poll_piece(cx))).await? {
        size.clear();
        write_chunk_size(&mut size, piece.len());
        let mut chunk = [&size, &piece[..], CHUNK_END].map(IoSlice::new);
        // How long a host may be behind is limited where callbacks are sent, not here.
        stream.write(&mut chunk, limits::MAX_DURATION).await?;
        burst.next().await;
    }
    Ok(stream.write(&mut [IoSlice::new(LAST_CHUNK)], limits::FLUSH_TIMEOUT).await?)
}
