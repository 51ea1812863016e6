//! Responses: how a reply, a problem or a stream becomes HTTP.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::StatusCode;

use super::callbacks::CallbackEvents;
use super::lifecycle::{InFlight, Stopper};
use super::request::Rest;
use crate::protocol::{Problem, wire};
use crate::typed::Reply;

/// What a response counts as, for as long as hyper holds its body.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    /// The answer of a call: a stop waits for it.
    _call: Option<InFlight>,
    /// The answer to a stop.
    _stop: Option<Stopper>,
}

impl From<InFlight> for Ticket {
    fn from(call: InFlight) -> Self {
        Self { _call: Some(call), _stop: None }
    }
}

impl From<Stopper> for Ticket {
    fn from(stop: Stopper) -> Self {
        Self { _call: None, _stop: Some(stop) }
    }
}

/// A response's body.
pub(super) struct AnswerBody {
    content: Content,
    ticket: Ticket,
}

enum Content {
    Whole(Bytes),
    Callbacks(CallbackEvents),
    /// Goes out at once, and ends only with the request's own body.
    Refusal(Bytes, Rest),
}

impl AnswerBody {
    /// The body of an answer that is no stream; empty where it is one.
    pub(super) fn into_whole(self) -> (Bytes, Ticket) {
        let bytes = match self.content {
            Content::Whole(bytes) => bytes,
            Content::Callbacks(_) | Content::Refusal(..) => Bytes::new(),
        };
        (bytes, self.ticket)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.content {
            Content::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Callbacks(events) => {
                events.poll_piece(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
            Content::Refusal(text, rest) if text.is_empty() => {
                rest.as_mut().poll(cx).map(|()| None)
            }
            Content::Refusal(text, _) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(text))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.content, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Callbacks(_) | Content::Refusal(..) => SizeHint::default(),
        }
    }
}

/// A response on its way to hyper.
pub(super) type Answer = Response<AnswerBody>;

fn answer(content: Content, media_type: &'static str, ticket: Ticket) -> Answer {
    let mut response = Response::new(AnswerBody { content, ticket });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A `200` with these bytes.
pub(super) fn whole(body: Bytes, media_type: &'static str, ticket: Ticket) -> Answer {
    answer(Content::Whole(body), media_type, ticket)
}

/// The answer of a handler.
pub(super) fn reply(reply: Reply, ticket: Ticket) -> Answer {
    whole(reply.body, reply.media_type.as_str(), ticket)
}

/// A stream of callbacks.
pub(super) fn callbacks(events: CallbackEvents) -> Answer {
    with_protocol(answer(Content::Callbacks(events), wire::EVENT_STREAM, Ticket::default()))
}

/// The same with the header by which a host knows GoPlug 2.
pub(super) fn with_protocol(mut answer: Answer) -> Answer {
    let name = HeaderName::from_static(wire::HEADER_PROTOCOL);
    answer.headers_mut().insert(name, HeaderValue::from(wire::PROTOCOL));
    answer
}

/// A problem document, with its status.
pub(super) fn problem(problem: &Problem, ticket: Ticket) -> Answer {
    with_status(whole(problem.to_json().into(), wire::PROBLEM, ticket), problem)
}

/// The same before the request's body has come to its end.
pub(super) fn refusal(problem: &Problem, rest: Rest) -> Answer {
    let content = Content::Refusal(problem.to_json().into(), rest);
    with_status(answer(content, wire::PROBLEM, Ticket::default()), problem)
}

fn with_status(mut answer: Answer, problem: &Problem) -> Answer {
    *answer.status_mut() =
        StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}
