//! A call whose method reports how far it is: from its request to its result.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::call_body::CallBody;
use super::outcome::Outcome;
use super::response;
use super::shared::Instance;
use crate::error::Result;
use crate::host::connection::{Admission, Begun, BodySource, Budget, SendError};
use crate::limits::STREAM_BURST;
use crate::protocol::event_stream::{CallEvent, CallReader};
use crate::protocol::wire;
use crate::typed::{CallRequest, wait};

/// The header of a call whose caller listens to reports.
const ACCEPTS_PROGRESS: &[(&str, &str)] = &[(wire::HEADER_ACCEPT, wire::EVENT_STREAM)];

/// What is called with each report.
pub(in crate::host) struct Listener<'a>(Mutex<Option<Hear<'a>>>);

type Hear<'a> = &'a mut (dyn FnMut(Bytes) + Send);

impl<'a> Listener<'a> {
    pub(in crate::host) fn new(hear: Hear<'a>) -> Self {
        Self(Mutex::new(Some(hear)))
    }

    /// Calls the caller's function, without the lock. One that has panicked is not called again.
    fn hear(&self, report: Bytes) {
        let Some(hear) = self.lock().take() else { return };
        hear(report);
        *self.lock() = Some(hear);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Hear<'a>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a call that reports: its result, or the connection's error.
type Answer = Result<Result<Bytes>, SendError>;

impl Instance {
    /// Calls a method that may report, within the remaining budget. Dropping the future cancels the
    /// call.
    pub(in crate::host) async fn call_with_progress(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
        listener: &Listener<'_>,
    ) -> Result<Bytes> {
        let _permit = self.in_time(self.call_permit(), call.method, budget).await?;
        let body = CallBody::new(call, self.reads_parts)?;
        let origin = self.origin();
        let headers = origin.as_ref().map(|origin| origin.headers(Some(wire::EVENT_STREAM)));
        let headers = Some(headers.as_deref().unwrap_or(ACCEPTS_PROGRESS));
        let request = self.request_of_call(call, body.as_deref(), headers, budget);
        let send =
            |admission| self.endpoint().send_for_stream(&request, budget.deadline, admission);
        let mut sent = send(Admission::Call).await;
        if sent.is_err() && self.is_repeated(&sent, call.idempotent) {
            sent = send(Admission::NewConnection).await;
        }
        let answer = match sent {
            Ok(begun) => self.answer(call, begun, budget, listener).await,
            Err(error) => Err(error),
        };
        match self.outcome(call, answer, budget) {
            Outcome::Done(result) => result,
            Outcome::Failed(failure) => Err(self.failed(call.method, failure, budget).await),
        }
    }

    /// As [`Instance::call_with_progress`], and blocks the caller's thread.
    pub(in crate::host) fn call_with_progress_blocking(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
        listener: &Listener<'_>,
    ) -> Result<Bytes> {
        let _permit = self.in_time_blocking(self.call_permit(), call.method, budget)?;
        let body = CallBody::new(call, self.reads_parts)?;
        let origin = self.origin();
        let headers = origin.as_ref().map(|origin| origin.headers(Some(wire::EVENT_STREAM)));
        let headers = Some(headers.as_deref().unwrap_or(ACCEPTS_PROGRESS));
        let request = self.request_of_call(call, body.as_deref(), headers, budget);
        let send = |admission| {
            self.endpoint().send_for_stream_blocking(&request, budget.deadline, admission)
        };
        let mut sent = send(Admission::Call);
        if sent.is_err() && self.is_repeated(&sent, call.idempotent) {
            sent = send(Admission::NewConnection);
        }
        // Each step of the body blocks, so the future is ready when it is first polled.
        let answer = sent.and_then(|begun| wait(self.answer(call, begun, budget, listener)));
        match self.outcome(call, answer, budget) {
            Outcome::Done(result) => result,
            Outcome::Failed(failure) => Err(self.failed_blocking(call.method, failure, budget)),
        }
    }

    fn outcome(&self, call: &CallRequest<'_>, answer: Answer, budget: Budget) -> Outcome {
        match answer {
            Ok(result) => Outcome::Done(result),
            Err(error) => {
                Outcome::new(self.id(), call.method, Err(error), self.request_limits(budget))
            }
        }
    }

    /// Reads the answer to its end. A plugin that does not report answers as it answers every call.
    async fn answer<S: BodySource>(
        &self,
        call: &CallRequest<'_>,
        begun: Begun<S>,
        budget: Budget,
        listener: &Listener<'_>,
    ) -> Answer {
        let limits = self.request_limits(budget);
        let mut source = match begun {
            Begun::Stream(source) => source,
            Begun::Response(response) => {
                let result = response::into_result(self.id(), call.method, response, limits);
                return Ok(result);
            }
        };
        let mut result = None;
        let mut reader = source.is_events().then(|| CallReader::new(limits.body));
        let mut whole = BytesMut::new();
        let mut parts = 0;
        while let Some(part) = next_part(&mut source, budget, &mut parts).await? {
            let Some(reader) = &mut reader else {
                whole.extend_from_slice(&part);
                if whole.len() > limits.body {
                    return Err(SendError::TooLarge);
                }
                continue;
            };
            reader.push(&part);
            while let Some(event) = reader.next_event().map_err(|_| SendError::TooLarge)? {
                match event {
                    // Nothing counts after the result.
                    _ if result.is_some() => {}
                    CallEvent::Progress(report) => listener.hear(report),
                    CallEvent::Result(body) => result = Some(Ok(body)),
                    CallEvent::Error(problem) => {
                        let error =
                            response::stream_error(self.id(), call.method, &problem, limits);
                        result = Some(Err(error));
                    }
                }
            }
        }
        source.give_back(self.endpoint().local());
        match (result, reader) {
            (Some(result), _) => Ok(result),
            (None, None) => Ok(Ok(whole.freeze())),
            (None, Some(_)) => Err(cut_off()),
        }
    }
}

fn cut_off() -> SendError {
    let text = "the answer ended without `result` or `error`: it was cut off";
    SendError::Broken(io::Error::new(ErrorKind::UnexpectedEof, text))
}

/// The next part of a body, within the budget of its call. A method that always reports must not hold up
/// the caller's other tasks.
async fn next_part<S: BodySource>(
    source: &mut S,
    budget: Budget,
    parts: &mut usize,
) -> Result<Option<Bytes>, SendError> {
    *parts += 1;
    if !S::BLOCKS && parts.is_multiple_of(STREAM_BURST) {
        yield_now().await;
    }
    let left = budget.deadline.saturating_duration_since(Instant::now());
    let left = left.max(Duration::from_millis(1));
    poll_fn(|cx| source.poll_part(left, cx)).await
}
