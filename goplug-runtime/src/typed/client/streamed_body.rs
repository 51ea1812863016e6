//! The body of a streamed result, as a caller returns it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Result;
use crate::typed::codec::MediaType;

/// A streamed result that has begun: what [`Caller::call_stream`](super::Caller::call_stream)
/// returns. Each element is an item as JSON, or some of the bytes of a stream of bytes; an error is
/// the last. Dropping it cancels the call.
///
/// A test double makes one of any stream:
///
/// ```
/// # use std::pin::Pin;
/// # use std::task::{Context, Poll};
/// use goplug::Bytes;
/// use goplug::raw::{MediaType, StreamedBody};
///
/// struct Countdown(u8);
///
/// impl futures_core::Stream for Countdown {
///     type Item = goplug::Result<Bytes>;
///
///     fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
///         let next = self.0.checked_sub(1);
///         self.0 = next.unwrap_or_default();
///         Poll::Ready(next.map(|number| Ok(Bytes::from(number.to_string()))))
///     }
/// }
///
/// let body = StreamedBody::new(MediaType::Json, Countdown(3));
/// ```
pub struct StreamedBody {
    items: MediaType,
    stream: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
}

impl StreamedBody {
    /// A body whose items are JSON, or bytes.
    pub fn new(
        items: MediaType,
        stream: impl Stream<Item = Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self { items, stream: Box::pin(stream) }
    }

    /// What the items are.
    pub fn items(&self) -> MediaType {
        self.items
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedBody").field("items", &self.items).finish_non_exhaustive()
    }
}

impl Stream for StreamedBody {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.stream.as_mut().poll_next(cx)
    }
}
