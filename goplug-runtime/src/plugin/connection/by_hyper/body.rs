//! Bodies, as hyper hands them out and takes them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::StatusCode;
use tokio::time::timeout;

use crate::plugin::answer::{Answer, Content, Ticket};
use crate::plugin::race::within;
use crate::plugin::request::{bad_request, paused, too_large};
use crate::protocol::{Problem, wire};

/// What is left of a body that is too large. Reading it to its end keeps a peer that is
/// still writing from being cut off before it has seen why.
pub(super) type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a body is not taken.
pub(super) enum Unread {
    /// It broke off or paused.
    Broken(Problem),
    /// It is too large, and there may be more of it.
    TooLarge(Problem, Rest),
}

/// Reads a request's body. It is read even where the answer is certain before: an HTTP/1.1
/// connection with an unread body cannot be used again.
///
/// # Errors
/// Where it is larger than `limit`, breaks off, or pauses for longer than `idle`.
pub(super) async fn read(
    mut incoming: Incoming,
    limit: usize,
    idle: Duration,
) -> Result<Bytes, Unread> {
    let refused =
        |incoming| Unread::TooLarge(too_large(limit), Box::pin(discard(incoming, limit, idle)));
    if incoming.size_hint().lower() > limit as u64 {
        return Err(refused(incoming));
    }
    let (mut first, mut joined) = (Bytes::new(), BytesMut::new());
    while !incoming.is_end_stream() {
        let frame = within(idle, incoming.frame()).await;
        let frame = frame.ok_or_else(|| Unread::Broken(paused(idle)))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| broken(format!("the body broke off: {error}")))?;
        let Ok(piece) = frame.into_data() else { continue };
        if first.len() + joined.len() + piece.len() > limit {
            return Err(refused(incoming));
        }
        // Most bodies come in one piece, and then nothing is copied.
        if first.is_empty() && joined.is_empty() {
            first = piece;
        } else {
            if joined.is_empty() {
                // What is announced is within the limit: that was looked at above.
                let rest = usize::try_from(incoming.size_hint().lower()).unwrap_or(0);
                joined.reserve(first.len() + piece.len() + rest);
            }
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&piece);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

/// Reads on for at most twice the limit, and drops what it reads.
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

fn broken(detail: String) -> Unread {
    Unread::Broken(bad_request(detail))
}

/// A response's body.
pub(super) struct AnswerBody {
    content: Content,
    /// Goes out at once where there is something left, and ends only with the request's own
    /// body.
    rest: Option<Rest>,
    _ticket: Ticket,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { content, rest, .. } = &mut *self;
        match content {
            Content::Whole(bytes) if bytes.is_empty() => match rest {
                Some(rest) => rest.as_mut().poll(cx).map(|()| None),
                None => Poll::Ready(None),
            },
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Callbacks(events) => {
                events.poll_piece(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.content, Content::Whole(bytes) if bytes.is_empty()) && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) if self.rest.is_none() => {
                SizeHint::with_exact(bytes.len() as u64)
            }
            _ => SizeHint::default(),
        }
    }
}

/// A response on its way to hyper.
pub(super) fn response(answer: Answer) -> Response<AnswerBody> {
    let Answer { status, media_type, protocol, content, ticket } = answer;
    let mut response = Response::new(AnswerBody { content, rest: None, _ticket: ticket });
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if protocol {
        headers.insert(wire::HEADER_PROTOCOL, HeaderValue::from(wire::PROTOCOL));
    }
    response
}

/// A problem document before the request's body has come to its end.
pub(super) fn refusal(problem: &Problem, rest: Rest) -> Response<AnswerBody> {
    let mut response = response(Answer::problem(problem, Ticket::default()));
    response.body_mut().rest = Some(rest);
    response
}
