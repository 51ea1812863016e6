//! Bodies of requests and responses, in hyper's types: for what goplug's own codec does not support, and for
//! the network.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::StatusCode;
use tokio::time::timeout;

use super::problems::{body_broken, body_stalled, body_too_large};
use super::response::{Content, Response as PluginResponse, ResponseGuard};
use super::result_stream::StreamPiece;
use super::select::lazy_timeout;
use crate::protocol::{Problem, wire};

/// Reads and drops the rest of a body that is too large. So a peer that is still writing sees
/// why its request is refused, before the connection ends.
pub(super) type DiscardRest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a body could not be read.
pub(super) enum BodyError {
    /// It broke off, or nothing came for too long.
    Broken(Problem),
    /// It is too large, and more of it may come.
    TooLarge(Problem, DiscardRest),
}

/// Reads a request's body. It is read even if the response does not depend on it: an HTTP/1.1
/// connection with an unread body cannot be used again.
///
/// # Errors
/// [`BodyError`] if the body is larger than `limit` bytes, breaks off, or pauses for longer than
/// `idle`.
pub(super) async fn read(
    mut incoming: Incoming,
    limit: usize,
    idle: Duration,
) -> Result<Bytes, BodyError> {
    let refused = |incoming| {
        BodyError::TooLarge(body_too_large(limit), Box::pin(discard(incoming, limit, idle)))
    };
    if incoming.size_hint().lower() > limit as u64 {
        return Err(refused(incoming));
    }
    let (mut first, mut joined) = (Bytes::new(), BytesMut::new());
    while !incoming.is_end_stream() {
        let frame = lazy_timeout(idle, incoming.frame()).await;
        let frame = frame.ok_or_else(|| BodyError::Broken(body_stalled(idle)))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| BodyError::Broken(body_broken(error)))?;
        let Ok(piece) = frame.into_data() else { continue };
        if first.len() + joined.len() + piece.len() > limit {
            return Err(refused(incoming));
        }
        // Most bodies come in one piece, and then nothing is copied.
        if first.is_empty() && joined.is_empty() {
            first = piece;
        } else {
            if joined.is_empty() {
                // The announced length is within the limit: that has been checked above.
                let rest = usize::try_from(incoming.size_hint().lower()).unwrap_or(0);
                joined.reserve(first.len() + piece.len() + rest);
            }
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&piece);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

/// Reads and drops at most twice `limit` bytes.
async fn discard(mut incoming: Incoming, limit: usize, idle: Duration) {
    let mut left = limit.saturating_mul(2);
    while let Ok(Some(Ok(frame))) = timeout(idle, incoming.frame()).await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// The stream has failed, and its body cannot say so.
#[derive(Debug, thiserror::Error)]
#[error("the result is cut off")]
pub(super) struct CutOff;

/// How a stream has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamEnd {
    Complete,
    Failed,
}

/// A response's body.
pub(super) struct ResponseBody {
    content: Content,
    /// Whether a stream has sent its last piece, or has failed.
    end: Option<StreamEnd>,
    /// If the request's body is too large, the response begins at once, but ends only after the
    /// rest of that body has been read.
    discard: Option<DiscardRest>,
    _guard: ResponseGuard,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let Self { content, end, discard, .. } = &mut *self;
        match content {
            Content::Full(bytes) if bytes.is_empty() => match discard {
                Some(discard) => discard.as_mut().poll(cx).map(|()| None),
                None => Poll::Ready(None),
            },
            Content::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Parts(parts) if parts.pieces.is_empty() => Poll::Ready(None),
            Content::Parts(parts) => Poll::Ready(Some(Ok(Frame::data(parts.pieces.remove(0))))),
            Content::Callbacks(events) => {
                events.poll_piece(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
            Content::Result(result) => match end {
                Some(StreamEnd::Complete) => Poll::Ready(None),
                Some(StreamEnd::Failed) => Poll::Ready(Some(Err(CutOff))),
                None => match ready!(result.poll_piece(cx)) {
                    StreamPiece::Data(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                    StreamPiece::Last(piece) => {
                        *end = Some(StreamEnd::Complete);
                        Poll::Ready(Some(Ok(Frame::data(piece))))
                    }
                    StreamPiece::Failed(_) => {
                        // What came before is written first: hyper drops what it has not written.
                        *end = Some(StreamEnd::Failed);
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                },
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.content, Content::Full(bytes) if bytes.is_empty()) && self.discard.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Full(bytes) if self.discard.is_none() => {
                SizeHint::with_exact(bytes.len() as u64)
            }
            Content::Parts(parts) => SizeHint::with_exact(parts.length() as u64),
            _ => SizeHint::default(),
        }
    }
}

/// A response in hyper's types.
pub(super) fn response(response: PluginResponse) -> Response<ResponseBody> {
    let PluginResponse { status, media_type, protocol, content, guard } = response;
    let media_type = match &content {
        Content::Parts(parts) => HeaderValue::from_str(&parts.media_type).ok(),
        _ => None,
    }
    .unwrap_or(HeaderValue::from_static(media_type));
    let mut response =
        Response::new(ResponseBody { content, end: None, discard: None, _guard: guard });
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    if protocol {
        headers.insert(wire::HEADER_PROTOCOL, HeaderValue::from(wire::PROTOCOL));
    }
    response
}

/// A problem document that is sent before the request's body has been read to its end.
pub(super) fn refusal(problem: &Problem, discard: DiscardRest) -> Response<ResponseBody> {
    let mut response = response(PluginResponse::problem(problem, ResponseGuard::default()));
    response.body_mut().discard = Some(discard);
    response
}
