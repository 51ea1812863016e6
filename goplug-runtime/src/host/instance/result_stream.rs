//! A call whose result is a stream: from its request to its last item.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::OwnedSemaphorePermit;

use super::call_body::CallBody;
use super::call_guard::CallGuard;
use super::exit::{EXIT_WAIT, Exit};
use super::failure::why_silent;
use super::outcome::{Failure, Outcome};
use super::response::{self, RequestLimits};
use super::shared::Instance;
use crate::error::{Error, Result};
use crate::host::connection::{Admission, Begun, BodySource, Budget, SendError, StreamingTimes};
use crate::http1::SenderError;
use crate::limits;
use crate::protocol::event_stream::{ItemEvent, ItemReader};
use crate::typed::{CallRequest, MediaType, StreamedBody};

impl CallGuard {
    /// Calls a method whose result may be a stream, and waits within the remaining budget until it
    /// begins. The stream may then send nothing for at most `idle`. Dropping the future, or the
    /// stream, cancels the call.
    pub(in crate::host) async fn call_for_stream(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
        idle: Duration,
    ) -> Result<StreamedBody> {
        let permit = match &self.one_at_a_time {
            None => None,
            Some(_) => self.in_time(self.stream_permit(), call.method, budget).await?,
        };
        if let Some(items) = &call.items {
            let (head, body) = self.prepare_stream(call, items, budget)?;
            let (headers, times) = (head.headers(), self.times_of_both(budget));
            let request = head.request(call, &headers);
            let deadline = budget.deadline;
            let sent = self.endpoint().send_body_for_stream(&request, body, times, deadline).await;
            return match self.begun(call, budget, sent, (permit, idle)) {
                Ok(begun) => begun,
                Err(failure) => Err(self.failed_stream(call.method, failure, budget).await),
            };
        }
        let body = CallBody::new(call, self.reads_parts)?;
        let origin = self.origin();
        let headers = origin.as_ref().map(|origin| origin.of_call(call));
        let request = self.request_of_call(call, body.as_deref(), headers.as_deref(), budget);
        let send =
            |admission| self.endpoint().send_for_stream(&request, budget.deadline, admission);
        let mut sent = send(Admission::Call).await;
        if sent.is_err() && self.is_repeated(&sent, call.idempotent) {
            sent = send(Admission::NewConnection).await;
        }
        match self.begun(call, budget, sent, (permit, idle)) {
            Ok(begun) => begun,
            Err(failure) => Err(self.failed(call.method, failure, budget).await),
        }
    }

    /// As [`CallGuard::call_for_stream`], and blocks the caller's thread. So does reading the stream.
    pub(in crate::host) fn call_for_stream_blocking(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
        idle: Duration,
    ) -> Result<StreamedBody> {
        let permit = self.in_time_blocking(self.stream_permit(), call.method, budget)?;
        if let Some(items) = &call.items {
            let (head, body) = self.prepare_stream(call, items, budget)?;
            let (headers, times) = (head.headers(), self.times_of_both(budget));
            let request = head.request(call, &headers);
            let deadline = budget.deadline;
            let sent =
                self.endpoint().send_body_for_stream_blocking(&request, body, times, deadline);
            return self.begun(call, budget, sent, (permit, idle)).unwrap_or_else(|failure| {
                Err(self.failed_stream_blocking(call.method, failure, budget))
            });
        }
        let body = CallBody::new(call, self.reads_parts)?;
        let origin = self.origin();
        let headers = origin.as_ref().map(|origin| origin.of_call(call));
        let request = self.request_of_call(call, body.as_deref(), headers.as_deref(), budget);
        let send = |admission| {
            self.endpoint().send_for_stream_blocking(&request, budget.deadline, admission)
        };
        let mut sent = send(Admission::Call);
        if sent.is_err() && self.is_repeated(&sent, call.idempotent) {
            sent = send(Admission::NewConnection);
        }
        self.begun(call, budget, sent, (permit, idle))
            .unwrap_or_else(|failure| Err(self.failed_blocking(call.method, failure, budget)))
    }

    /// The stream, or the error of the request; a [`Failure`] whose reason is to be found out.
    fn begun<S: BodySource + 'static>(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
        sent: Result<Begun<S>, SendError>,
        (permit, idle): (Option<OwnedSemaphorePermit>, Duration),
    ) -> Result<Result<StreamedBody>, Failure> {
        let limits = self.request_limits(budget);
        let sent = match sent {
            Ok(Begun::Stream(source)) => {
                let is_events = source.is_events();
                let items = is_events.then(|| ItemReader::new(limits::MAX_EVENT));
                let stream = ResultItems {
                    method: call.method.to_owned(),
                    guard: self.another(),
                    _permit: permit,
                    limits,
                    idle,
                    items,
                    state: State::Reading(source),
                };
                let media_type = if is_events { MediaType::Json } else { MediaType::Raw };
                return Ok(Ok(StreamedBody::new(media_type, stream)));
            }
            Ok(Begun::Response(response)) => Ok(response),
            Err(error) => Err(error),
        };
        match Outcome::new(self.id(), call.method, sent, limits) {
            Outcome::Done(Err(error)) => Ok(Err(error)),
            Outcome::Done(Ok(_)) => {
                let text = format!("{} of {}: no stream came", call.method, self.id());
                Ok(Err(Error::Protocol(text)))
            }
            Outcome::Failed(failure) => Err(failure),
        }
    }
}

impl Instance {
    /// How long a call may take that sends a stream and gets one. If the plugin reads while it answers,
    /// its stream has to begin in time; if not, the time begins after the last item.
    fn times_of_both(&self, budget: Budget) -> StreamingTimes {
        let until_head = self.is_duplex.then_some(budget.deadline);
        StreamingTimes { until_head, pause: budget.total }
    }

    /// Waits for the permit to call, as every call does, and keeps it for as long as the stream lasts.
    /// Cancel safe.
    async fn stream_permit(&self) -> Option<OwnedSemaphorePermit> {
        match &self.one_at_a_time {
            Some(semaphore) => semaphore.clone().acquire_owned().await.ok(),
            None => None,
        }
    }

    /// The error of a stream that broke off, with the exit of its process if that is why.
    fn broken_off(
        &self,
        method: &str,
        failure: Failure,
        exit: Option<&Exit>,
        budget: Budget,
    ) -> Error {
        match self.failure_error(method, failure, exit, budget) {
            Error::Crashed { id, status, .. } if exit.is_some_and(Exit::is_orderly) => {
                Error::Unfinished { id, status }
            }
            error => error,
        }
    }
}

/// The items of a streamed result.
struct ResultItems<S> {
    method: String,
    /// A replaced instance waits for the stream.
    guard: CallGuard,
    _permit: Option<OwnedSemaphorePermit>,
    limits: RequestLimits,
    idle: Duration,
    /// Reads the events; `None` if the body is bytes.
    items: Option<ItemReader>,
    state: State<S>,
}

enum State<S> {
    Reading(S),
    /// All items have been read, and the end of the body has not.
    Ending(S),
    /// The reason is being found out why there is no more.
    Failing(Pin<Box<dyn Future<Output = Error> + Send>>),
    Done,
}

impl<S: BodySource> Stream for ResultItems<S> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Reading(_) => {
                    if let Some(item) = this.items.as_mut().and_then(ItemReader::next_shared_item) {
                        return Poll::Ready(Some(Ok(item)));
                    }
                    if let Some(item) = this.next_event() {
                        return Poll::Ready(Some(item));
                    }
                    if let Some(item) = ready!(this.poll_part(cx)) {
                        return Poll::Ready(Some(item));
                    }
                }
                State::Ending(source) => {
                    // The result is complete, whatever comes of its connection.
                    let part = ready!(source.poll_part(this.idle, cx));
                    if let State::Ending(source) = std::mem::replace(&mut this.state, State::Done)
                        && let Ok(None) = part
                    {
                        source.give_back(this.guard.endpoint().local());
                    }
                }
                State::Failing(reason) => {
                    let error = ready!(reason.as_mut().poll(cx));
                    this.state = State::Done;
                    return Poll::Ready(Some(Err(error)));
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }
}

impl<S: BodySource> ResultItems<S> {
    /// The next item or error that has been received; `None` if more has to be received, or if the
    /// state has changed.
    fn next_event(&mut self) -> Option<Result<Bytes>> {
        let items = self.items.as_mut()?;
        let error = loop {
            match items.next_event() {
                Ok(None) => return None,
                Ok(Some(ItemEvent::Item(item))) => return Some(Ok(item)),
                // An event that no result has.
                Ok(Some(ItemEvent::Arguments(_))) => {}
                Ok(Some(ItemEvent::End)) => {
                    if let State::Reading(source) = std::mem::replace(&mut self.state, State::Done)
                    {
                        self.state = State::Ending(source);
                    }
                    return None;
                }
                Ok(Some(ItemEvent::Error(problem))) => {
                    let (id, method) = (self.guard.id(), &self.method);
                    break response::stream_error(id, method, &problem, self.limits);
                }
                Err(too_large) => break Error::TooLarge { limit: too_large.limit },
            }
        };
        self.state = State::Done;
        Some(Err(error))
    }

    /// Receives a part of the body: an item if the body is bytes, else something for
    /// [`ResultItems::next_event`]. `None` if the state has changed, or if there is something to
    /// read now.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let State::Reading(source) = &mut self.state else { return Poll::Ready(None) };
        let error = match ready!(source.poll_part(self.idle, cx)) {
            Ok(Some(part)) => match &mut self.items {
                Some(items) => {
                    items.push(part);
                    return Poll::Ready(None);
                }
                None => return Poll::Ready(Some(Ok(part))),
            },
            Ok(None) if self.items.is_none() => {
                if let State::Reading(source) = std::mem::replace(&mut self.state, State::Done) {
                    source.give_back(self.guard.endpoint().local());
                }
                return Poll::Ready(None);
            }
            Ok(None) => {
                let text = "the stream ended without `end` or `error`: it was cut off";
                SendError::Broken(io::Error::new(ErrorKind::UnexpectedEof, text))
            }
            Err(SendError::Broken(error)) => match SenderError::of(&error) {
                Some(SenderError { problem }) => {
                    let (id, method) = (self.guard.id(), &self.method);
                    let error = response::stream_error(id, method, problem, self.limits);
                    self.state = State::Done;
                    return Poll::Ready(Some(Err(error)));
                }
                None => SendError::Broken(error),
            },
            Err(error) => error,
        };
        Poll::Ready(self.fail(error))
    }

    /// Ends the stream with the reason of this error.
    fn fail(&mut self, error: SendError) -> Option<Result<Bytes>> {
        self.state = State::Done;
        let budget = Budget::new(2 * EXIT_WAIT);
        let failure = match error {
            SendError::TimedOut(_) => return Some(Err(self.idle_error())),
            error => match Outcome::new(self.guard.id(), &self.method, Err(error), self.limits) {
                Outcome::Done(Err(error)) => return Some(Err(error)),
                Outcome::Done(Ok(_)) => return None,
                Outcome::Failed(failure) => failure,
            },
        };
        if S::BLOCKS {
            let exit = self.guard.exit_blocking(&failure, budget);
            return Some(Err(self.guard.broken_off(&self.method, failure, exit, budget)));
        }
        let (instance, method) = (self.guard.another(), self.method.clone());
        self.state = State::Failing(Box::pin(async move {
            let exit = instance.exit_after(&failure, budget).await;
            instance.broken_off(&method, failure, exit, budget)
        }));
        None
    }

    fn idle_error(&self) -> Error {
        let reason = self.guard.pid().and_then(why_silent);
        Error::silent_stream(&self.method, self.guard.id(), self.idle, reason)
    }
}
