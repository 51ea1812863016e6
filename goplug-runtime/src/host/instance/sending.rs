//! A call that sends a stream: its request, and its response.

use std::convert::Infallible;

use bytes::Bytes;

use super::exit::EXIT_WAIT;
use super::origin::OriginHeaders;
use super::outcome::{Failure, Outcome};
use super::shared::Instance;
use crate::error::{Error, Result};
use crate::host::connection::{Budget, RequestBody, SendError, StreamingTimes};
use crate::http1::{Request, Response};
use crate::limits;
use crate::protocol::{Dialect, event_stream, header_json, wire};
use crate::typed::{CallRequest, MediaType, RequestItems};

/// The head of a call that sends a stream.
pub(super) struct StreamingHead<'a> {
    content_type: &'static str,
    timeout: u64,
    /// The other arguments, if they are in the head.
    arguments: Option<String>,
    /// That of a call whose plugin calls services.
    origin: Option<OriginHeaders<'a>>,
}

/// The head and the body of such a call.
///
/// # Errors
/// [`Error::Arguments`] if the arguments are too long for the head.
fn prepared<'a>(
    call: &CallRequest<'_>,
    items: &RequestItems,
    origin: Option<OriginHeaders<'a>>,
    budget: Budget,
) -> Result<(StreamingHead<'a>, RequestBody)> {
    let given: &[u8] = if call.body.is_empty() { b"null" } else { &call.body };
    let (content_type, arguments, first) = match items.items() {
        MediaType::Json => (wire::EVENT_STREAM, None, arguments_event(given)),
        MediaType::Raw => {
            let arguments = header_json::write(given);
            if arguments.len() > limits::MAX_HEADER_ARGUMENTS {
                return Err(Error::arguments_too_long(call.method));
            }
            (wire::OCTET_STREAM, Some(arguments), Bytes::new())
        }
    };
    let timeout = wire::timeout_value(budget.remaining);
    let head = StreamingHead { content_type, timeout, arguments, origin };
    Ok((head, RequestBody::new(items.clone(), first)))
}

fn arguments_event(arguments: &[u8]) -> Bytes {
    let mut event = Vec::new();
    let written = event_stream::encode_with(&mut event, wire::EVENT_ARGUMENTS, |out| {
        out.extend_from_slice(arguments);
        Ok::<_, Infallible>(())
    });
    written.unwrap_or_else(|never| match never {});
    event.into()
}

impl StreamingHead<'_> {
    /// The headers that not every call has.
    pub(super) fn headers(&self) -> Vec<(&'static str, &str)> {
        let arguments = self.arguments.iter().map(|text| (wire::HEADER_ARGUMENTS, &**text));
        let origin = self.origin.iter().flat_map(|origin| origin.headers(None));
        arguments.chain(origin).collect()
    }

    /// The request, with these headers.
    pub(super) fn request<'a>(
        &self,
        call: &CallRequest<'a>,
        headers: &'a [(&'static str, &'a str)],
    ) -> Request<'a> {
        Request {
            timeout: Some(self.timeout),
            traceparent: call.trace(),
            content_type: Some(self.content_type),
            headers,
            ..Request::new(call.method, &[])
        }
    }
}

impl Instance {
    /// The head and the body of a call with this stream.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the plugin speaks GoPlug 1, which has no streams;
    /// [`Error::Arguments`] if the arguments are too long for the head.
    pub(super) fn prepare_stream(
        &self,
        call: &CallRequest<'_>,
        items: &RequestItems,
        budget: Budget,
    ) -> Result<(StreamingHead<'_>, RequestBody)> {
        if self.dialect() == Dialect::GoPlug1 {
            let text = format!("{} speaks GoPlug 1, which has no streams", self.id());
            return Err(Error::Configuration(text));
        }
        prepared(call, items, self.origin(), budget)
    }

    /// Calls a method with this stream. The time of the budget begins after the last item.
    pub(super) async fn call_with_stream(
        &self,
        call: &CallRequest<'_>,
        items: &RequestItems,
        budget: Budget,
    ) -> Result<Bytes> {
        let (head, mut body) = self.prepare_stream(call, items, budget)?;
        let headers = head.headers();
        let request = head.request(call, &headers);
        let times = StreamingTimes { until_head: None, pause: budget.total };
        let sent = self.endpoint().send_body(&request, &mut body, times, budget.deadline).await;
        match self.outcome_of_stream(call, sent, budget) {
            Ok(result) => result,
            Err(failure) => Err(self.failed_stream(call.method, failure, budget).await),
        }
    }

    /// As [`Instance::call_with_stream`], and blocks the caller's thread.
    pub(super) fn call_with_stream_blocking(
        &self,
        call: &CallRequest<'_>,
        items: &RequestItems,
        budget: Budget,
    ) -> Result<Bytes> {
        let (head, mut body) = self.prepare_stream(call, items, budget)?;
        let headers = head.headers();
        let request = head.request(call, &headers);
        let times = StreamingTimes { until_head: None, pause: budget.total };
        let sent = self.endpoint().send_body_blocking(&request, &mut body, times, budget.deadline);
        match self.outcome_of_stream(call, sent, budget) {
            Ok(result) => result,
            Err(failure) => Err(self.failed_stream_blocking(call.method, failure, budget)),
        }
    }

    fn outcome_of_stream(
        &self,
        call: &CallRequest<'_>,
        sent: Result<Response, SendError>,
        budget: Budget,
    ) -> Result<Result<Bytes>, Failure> {
        match Outcome::new(self.id(), call.method, sent, self.request_limits(budget)) {
            Outcome::Done(result) => Ok(result),
            Outcome::Failed(failure) => Err(failure),
        }
    }

    /// The error of a call with a stream. The call may have taken longer than its budget.
    pub(super) async fn failed_stream(
        &self,
        method: &str,
        failure: Failure,
        budget: Budget,
    ) -> Error {
        let exit = self.exit_after(&failure, Budget::new(2 * EXIT_WAIT)).await;
        self.failure_error(method, failure, exit, budget)
    }

    /// As [`Instance::failed_stream`], but blocks.
    pub(super) fn failed_stream_blocking(
        &self,
        method: &str,
        failure: Failure,
        budget: Budget,
    ) -> Error {
        let exit = self.exit_blocking(&failure, Budget::new(2 * EXIT_WAIT));
        self.failure_error(method, failure, exit, budget)
    }
}
