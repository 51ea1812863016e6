//! Responses, before a connection writes them.

use bytes::Bytes;

use super::callbacks::CallbackStream;
use super::lifecycle::{CallGuard, StopGuard};
use super::result_stream::ResultStream;
use crate::protocol::parts::{self, Multipart};
use crate::protocol::{Problem, wire};
use crate::typed::{MediaType, Reply};

/// What a response keeps waiting until it has been written.
#[derive(Debug, Default)]
pub(super) struct ResponseGuard {
    /// A stop waits for the responses of calls.
    _call: Option<CallGuard>,
    /// The end of the plugin waits for the response to a stop.
    _stop: Option<StopGuard>,
}

impl From<CallGuard> for ResponseGuard {
    fn from(call: CallGuard) -> Self {
        Self { _call: Some(call), _stop: None }
    }
}

impl From<StopGuard> for ResponseGuard {
    fn from(stop: StopGuard) -> Self {
        Self { _call: None, _stop: Some(stop) }
    }
}

/// The response to a request.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) media_type: &'static str,
    /// Whether it has the header by which a host recognizes GoPlug 2.
    pub(super) protocol: bool,
    pub(super) content: Content,
    pub(super) guard: ResponseGuard,
}

/// The body of a response.
#[derive(Debug)]
pub(super) enum Content {
    Full(Bytes),
    /// A value and bytes, whose media type is that of the parts.
    Parts(Box<Multipart>),
    Callbacks(CallbackStream),
    Result(ResultStream),
}

impl Response {
    /// A `200` with this body.
    #[inline]
    pub(super) fn ok(body: Bytes, media_type: &'static str, guard: ResponseGuard) -> Self {
        let content = Content::Full(body);
        Self { status: 200, media_type, protocol: false, content, guard }
    }

    /// The outcome of a call.
    #[inline]
    pub(super) fn of_call(
        outcome: Result<Reply, Problem>,
        accepts_parts: bool,
        guard: CallGuard,
    ) -> Self {
        let guard = ResponseGuard::from(guard);
        match outcome {
            Ok(Reply { body, media_type, beside: None }) => {
                Self::ok(body, media_type.as_str(), guard)
            }
            Ok(Reply { body, beside: Some(bytes), .. }) if accepts_parts => {
                Self::parts(&body, &bytes, guard)
            }
            Ok(Reply { body, beside: Some(bytes), .. }) => {
                Self::ok(parts::json::pair(&body, &bytes), wire::JSON, guard)
            }
            Err(problem) => Self::problem(&problem, guard),
        }
    }

    #[cold]
    fn parts(value: &[u8], bytes: &Bytes, guard: ResponseGuard) -> Self {
        let content = Content::Parts(Box::new(Reply::multipart(value, bytes)));
        Self { status: 200, media_type: wire::FORM_DATA, protocol: false, content, guard }
    }

    /// A stream of callbacks.
    pub(super) fn callbacks(stream: CallbackStream) -> Self {
        let (content, guard) = (Content::Callbacks(stream), ResponseGuard::default());
        Self { status: 200, media_type: wire::EVENT_STREAM, protocol: true, content, guard }
    }

    /// The outcome of a call whose result is a stream. The stream has the call's guard.
    pub(super) fn of_stream(outcome: Result<ResultStream, (Problem, CallGuard)>) -> Self {
        match outcome {
            Ok(stream) => {
                let media_type = match stream.items() {
                    MediaType::Json => wire::EVENT_STREAM,
                    MediaType::Raw => wire::OCTET_STREAM,
                };
                let (content, guard) = (Content::Result(stream), ResponseGuard::default());
                Self { status: 200, media_type, protocol: false, content, guard }
            }
            Err((problem, guard)) => Self::problem(&problem, guard.into()),
        }
    }

    /// The same response with the header by which a host recognizes GoPlug 2.
    pub(super) fn with_protocol(self) -> Self {
        Self { protocol: true, ..self }
    }

    /// A problem document, with the problem's status.
    pub(super) fn problem(problem: &Problem, guard: ResponseGuard) -> Self {
        let response = Self::ok(problem.to_json().into(), wire::PROBLEM, guard);
        Self { status: problem.status(), ..response }
    }
}
