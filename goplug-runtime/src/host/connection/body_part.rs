//! The body of a streamed result, part by part.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::http1::{BodyProgress, BodyStream, Buffer};

/// How long to wait for the next part of a body.
pub(super) struct Idle<'a> {
    /// The first poll that was not ready.
    pub(super) since: &'a mut Option<Instant>,
    pub(super) limit: Duration,
}

/// The next part of a body that is in the buffer: `Some(None)` at the end of the body, and `None` if
/// more bytes are needed.
///
/// # Errors
/// As [`BodyStream::next`].
pub(super) fn next_part(
    body: &mut BodyStream,
    buffer: &mut Buffer,
) -> io::Result<Option<Option<Bytes>>> {
    Ok(match body.next(buffer)? {
        BodyProgress::Data(count) => Some(Some(buffer.take(count))),
        BodyProgress::End => Some(None),
        BodyProgress::More => None,
    })
}
