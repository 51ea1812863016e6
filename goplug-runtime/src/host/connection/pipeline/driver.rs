//! The task of a pipeline: it writes the requests and reads the responses of all calls.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{PendingCall, PipelineOutcome, Shared, connection_ended};
use crate::host::connection::deadline_timer::DeadlineTimer;
use crate::host::connection::error::{SendError, Stage};
use crate::http1::{Buffer, Progress, ReadError, Response, ResponseReader, insert_header};
use crate::protocol::wire;
use crate::transport::Debuggee;
use crate::transport::{Stream, was_left_unread};

/// Writes and reads for all calls of a pipeline.
pub(super) struct Driver {
    stream: Stream,
    shared: Arc<Shared>,
    incoming: Buffer,
    reader: ResponseReader,
    /// Requests that are being written, and how many of their bytes have been.
    sending: Vec<u8>,
    sent: usize,
    /// How many bytes of requests have been written over all, without the header that the driver
    /// adds; negative while that header is written.
    written: i128,
    /// Outcomes that are about to be sent to their callers; kept for its capacity.
    outcomes: Vec<(oneshot::Sender<PipelineOutcome>, PipelineOutcome)>,
    timer: DeadlineTimer,
    /// Whether the header that asks the plugin for pipelining has been written.
    is_announced: bool,
    /// Whether the plugin gave back all calls behind the first: the first takes long.
    stalled: bool,
}

impl Drop for Driver {
    /// Ends every pending call, in whatever way the task ends.
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let pending = std::mem::take(&mut queue.pending);
        drop(queue);
        drop(pending);
    }
}

impl Driver {
    pub(super) fn new(
        stream: Stream,
        shared: Arc<Shared>,
        limit: usize,
        debuggee: Debuggee,
    ) -> Self {
        Self {
            stream,
            shared,
            incoming: Buffer::default(),
            reader: ResponseReader::new(limit),
            sending: Vec::new(),
            sent: 0,
            written: 0,
            outcomes: Vec::new(),
            timer: DeadlineTimer::new(debuggee),
            is_announced: false,
            stalled: false,
        }
    }

    /// Runs until the connection ends, or until the pipeline is closed and has no pending calls.
    pub(super) async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let error = loop {
            if let Poll::Ready(write_error) = self.poll_write(cx) {
                // Responses that have arrived already are delivered first.
                if let Poll::Ready(read_error) = self.poll_read(cx) {
                    break Some(read_error);
                }
                break Some(write_error);
            }
            if let Poll::Ready(error) = self.poll_read(cx) {
                break Some(error);
            }
            match self.poll_wait(cx) {
                Poll::Ready(ControlFlow::Continue(())) => {}
                Poll::Ready(ControlFlow::Break(())) => break None,
                Poll::Pending => return Poll::Pending,
            }
        };
        if let Some(error) = error {
            self.fail(error);
        }
        Poll::Ready(())
    }

    /// Writes all queued requests; ready only with an error.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<ReadError> {
        loop {
            if self.sent == self.sending.len() {
                self.sending.clear();
                self.sent = 0;
                let mut queue = self.shared.lock();
                if self.stalled || queue.outgoing.is_empty() {
                    return Poll::Pending;
                }
                std::mem::swap(&mut self.sending, &mut queue.outgoing);
                drop(queue);
                if !std::mem::replace(&mut self.is_announced, true) {
                    let before = self.sending.len();
                    insert_header(&mut self.sending, wire::HEADER_PIPELINE, 1);
                    self.written -= (self.sending.len() - before) as i128;
                }
            }
            let stream = Pin::new(&mut self.stream);
            match stream.poll_write(cx, &self.sending[self.sent..]) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(io::Error::from(ErrorKind::WriteZero).into());
                }
                Poll::Ready(Ok(count)) => {
                    self.sent += count;
                    self.written += count as i128;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(error.into()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Reads all responses that have arrived; ready only with an error, at the end of the
    /// connection as well.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<ReadError> {
        loop {
            let room = match self.reader.room(&mut self.incoming) {
                Ok(room) => room,
                Err(error) => return Poll::Ready(error.into()),
            };
            match ready!(self.stream.poll_receive(cx, room)) {
                Ok(0) => {
                    return Poll::Ready(match self.reader.end() {
                        Err(error) => error,
                        Ok(response) => {
                            self.deliver(vec![response]);
                            connection_ended().into()
                        }
                    });
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(error.into()),
            }
            if let Err(error) = self.deliver_buffered() {
                return Poll::Ready(error);
            }
        }
    }

    /// Delivers every response that is complete in the buffer.
    fn deliver_buffered(&mut self) -> Result<(), ReadError> {
        let mut responses = Vec::new();
        let result = loop {
            match self.reader.take(&mut self.incoming) {
                Ok(Progress::More) => break Ok(()),
                Ok(Progress::Complete(response)) => responses.push(response),
                Ok(Progress::Interim(wire::STATUS_GIVEN_BACK)) => {
                    self.deliver(std::mem::take(&mut responses));
                    self.give_back();
                }
                Ok(Progress::Interim(_)) => {}
                Err(error) => break Err(error),
            }
        };
        self.deliver(responses);
        result
    }

    fn deliver(&mut self, responses: Vec<Response>) {
        let stalled = self.stalled;
        let mut queue = self.shared.lock();
        for response in responses {
            // After a response that nobody asked for, none can be matched to its request.
            queue.closed |= !response.keep_alive || queue.pending.is_empty();
            if let Some(call) = queue.pending.pop_front() {
                let outcome = PipelineOutcome::Answered { response, stalled };
                self.outcomes.push((call.outcome, outcome));
            }
        }
        drop(queue);
        for (sender, outcome) in self.outcomes.drain(..) {
            // Fails if the call was cancelled.
            drop(sender.send(outcome));
        }
    }

    /// Gives back all calls but the first: the plugin works on the first and has begun no other.
    fn give_back(&mut self) {
        self.stalled = true;
        (self.sending, self.sent) = (Vec::new(), 0);
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.outgoing = Vec::new();
        let first = queue.pending.len().min(1);
        let given_back = queue.pending.split_off(first);
        drop(queue);
        for call in given_back {
            drop(call.outcome.send(PipelineOutcome::GivenBack));
        }
    }

    /// Waits until there is more to do; ready with `Break` if the pipeline is closed and no caller
    /// waits any more.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<ControlFlow<()>> {
        let mut queue = self.shared.lock();
        let all_cancelled = queue.pending.iter().all(|call| call.outcome.is_closed());
        if queue.closed && all_cancelled {
            return Poll::Ready(ControlFlow::Break(()));
        }
        if !queue.outgoing.is_empty() && self.sent == self.sending.len() {
            return Poll::Ready(ControlFlow::Continue(()));
        }
        if !queue.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            queue.driver = Some(cx.waker().clone());
        }
        let Some(earliest) = queue.earliest_deadline else { return Poll::Pending };
        drop(queue);
        if self.timer.poll(cx, earliest).is_pending() {
            return Poll::Pending;
        }
        self.expire();
        Poll::Ready(ControlFlow::Continue(()))
    }

    /// Ends the calls whose deadline has passed. They stay in the queue, for their responses are
    /// still to come.
    fn expire(&mut self) {
        let now = Instant::now();
        let mut expired = Vec::new();
        let mut queue = self.shared.lock();
        for call in &mut queue.pending {
            if call.deadline <= now && !call.outcome.is_closed() {
                let stage = if self.has_written(call) { Stage::Sent } else { Stage::Sending };
                expired.push((std::mem::replace(&mut call.outcome, oneshot::channel().0), stage));
            }
        }
        let waiting = queue.pending.iter().filter(|call| !call.outcome.is_closed());
        queue.earliest_deadline = waiting.map(|call| call.deadline).min();
        // If all calls have expired, the connection is closed, so that the plugin learns it.
        queue.closed |= queue.earliest_deadline.is_none() && !queue.pending.is_empty();
        drop(queue);
        for (outcome, stage) in expired {
            drop(outcome.send(PipelineOutcome::Failed(SendError::TimedOut(stage))));
        }
    }

    /// Whether the whole request of this call was written.
    fn has_written(&self, call: &PendingCall) -> bool {
        i128::from(call.end) <= self.written
    }

    /// Ends every pending call: the connection has failed. Those whose requests the plugin cannot
    /// have read as a whole are given back.
    fn fail(&mut self, error: ReadError) {
        let left_unread = matches!(&error, ReadError::Broken(error) if was_left_unread(error));
        let mut queue = self.shared.lock();
        queue.closed = true;
        let pending = std::mem::take(&mut queue.pending);
        drop(queue);
        // What the plugin left unread ends with the last request that was written.
        let written = pending.iter().filter(|call| self.has_written(call)).count();
        let first_has_begun = self.reader.has_begun() || !self.incoming.filled().is_empty();
        let read = written.saturating_sub(usize::from(left_unread)).max(first_has_begun.into());
        // The error concerns the first response; the others have only lost their connection.
        let mut first_error = Some(error);
        for (at, call) in pending.into_iter().enumerate() {
            if at >= read {
                drop(call.outcome.send(PipelineOutcome::GivenBack));
                continue;
            }
            let error = match first_error.take() {
                Some(error) => error.into(),
                None => SendError::Broken(connection_ended()),
            };
            drop(call.outcome.send(PipelineOutcome::Failed(error)));
        }
    }
}
