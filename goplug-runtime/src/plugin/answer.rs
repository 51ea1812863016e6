//! Answers: what a reply, a problem or a stream says, whoever writes it.

use bytes::Bytes;

use super::callbacks::CallbackEvents;
use super::lifecycle::{InFlight, Stopper};
use crate::protocol::{Problem, wire};
use crate::typed::Reply;

/// What an answer counts as, until it has been written.
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

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// What the content is.
    pub(super) media_type: &'static str,
    /// Whether it has the header by which a host knows GoPlug 2.
    pub(super) protocol: bool,
    pub(super) content: Content,
    pub(super) ticket: Ticket,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Content {
    Whole(Bytes),
    Callbacks(CallbackEvents),
}

impl Answer {
    /// A `200` with these bytes.
    pub(super) fn whole(body: Bytes, media_type: &'static str, ticket: Ticket) -> Self {
        let content = Content::Whole(body);
        Self { status: 200, media_type, protocol: false, content, ticket }
    }

    /// The answer of a handler.
    pub(super) fn reply(reply: Reply, ticket: Ticket) -> Self {
        Self::whole(reply.body, reply.media_type.as_str(), ticket)
    }

    /// A stream of callbacks.
    pub(super) fn callbacks(events: CallbackEvents) -> Self {
        let (content, ticket) = (Content::Callbacks(events), Ticket::default());
        Self { status: 200, media_type: wire::EVENT_STREAM, protocol: true, content, ticket }
    }

    /// The same with the header by which a host knows GoPlug 2.
    pub(super) fn with_protocol(self) -> Self {
        Self { protocol: true, ..self }
    }

    /// A problem document, with its status.
    pub(super) fn problem(problem: &Problem, ticket: Ticket) -> Self {
        let answer = Self::whole(problem.to_json().into(), wire::PROBLEM, ticket);
        Self { status: problem.status(), ..answer }
    }
}
