//! A streamed result: the body of a response that ends when the method's stream does.

use std::io::IoSlice;

use super::buffered_stream::{BufferedStream, Closed};
use super::piece::{in_time, next};
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size};
use crate::limits;
use crate::plugin::lifecycle::{Lifecycle, Phase};
use crate::plugin::result_stream::{ResultStream, StreamPiece};

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
    in_time(lifecycle, Phase::CuttingOff, send_all(stream, &mut result)).await
}

async fn send_all(stream: &mut BufferedStream, result: &mut ResultStream) -> Result<(), Closed> {
    let mut size = Vec::new();
    loop {
        let (data, end) = match next(stream, |cx| result.poll_piece(cx)).await? {
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
