//! The task of a pipeline: writes the requests of all, reads the answers for all.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Answered, Outcome, Shared, lost};
use crate::host::connection::deadline_timer::DeadlineTimer;
use crate::host::connection::error::SendError;
use crate::http1::{Buffer, Progress, ReadError, Response, ResponseReader, insert_header};
use crate::protocol::wire;
use crate::transport::Stream;

/// Writes and reads for all.
pub(super) struct Driver {
    stream: Stream,
    shared: Arc<Shared>,
    incoming: Buffer,
    reader: ResponseReader,
    sending: Vec<u8>,
    sent: usize,
    /// Answers that have been read, and who waits for them.
    arrived: Vec<(oneshot::Sender<Outcome>, Outcome)>,
    timer: DeadlineTimer,
    /// Whether a request has been written.
    begun: bool,
    /// Whether the one that waits takes long: there is nobody behind it any more.
    slow: bool,
}

impl Drop for Driver {
    /// However it ends, nobody waits in vain.
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(waiting);
    }
}

impl Driver {
    pub(super) fn new(stream: Stream, shared: Arc<Shared>, limit: usize) -> Self {
        Self {
            stream,
            shared,
            incoming: Buffer::default(),
            reader: ResponseReader::new(limit),
            sending: Vec::new(),
            sent: 0,
            arrived: Vec::new(),
            timer: DeadlineTimer::default(),
            begun: false,
            slow: false,
        }
    }

    /// Works until the connection is at its end, or nobody can want anything of it any more.
    pub(super) async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ended = loop {
            if let Poll::Ready(error) = self.poll_write(cx) {
                // What has been answered before is still to be read.
                if let Poll::Ready(other) = self.poll_read(cx) {
                    break Some(other);
                }
                break Some(error);
            }
            if let Poll::Ready(error) = self.poll_read(cx) {
                break Some(error);
            }
            match self.poll_wait(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => break None,
                Poll::Pending => return Poll::Pending,
            }
        };
        if let Some(error) = ended {
            self.fail(error);
        }
        Poll::Ready(())
    }

    /// Writes what there is; ready with why that is not possible.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<ReadError> {
        loop {
            if self.sent == self.sending.len() {
                self.sending.clear();
                self.sent = 0;
                let mut queue = self.shared.lock();
                if self.slow || queue.outgoing.is_empty() {
                    return Poll::Pending;
                }
                std::mem::swap(&mut self.sending, &mut queue.outgoing);
                drop(queue);
                if !std::mem::replace(&mut self.begun, true) {
                    insert_header(&mut self.sending, wire::HEADER_PIPELINE, 1);
                }
            }
            let stream = Pin::new(&mut self.stream);
            match stream.poll_write(cx, &self.sending[self.sent..]) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(io::Error::from(ErrorKind::WriteZero).into());
                }
                Poll::Ready(Ok(count)) => self.sent += count,
                Poll::Ready(Err(error)) => return Poll::Ready(error.into()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Reads what there is; ready with why there is nothing more.
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
                            lost().into()
                        }
                    });
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(error.into()),
            }
            if let Err(error) = self.take_all() {
                return Poll::Ready(error);
            }
        }
    }

    /// Takes every response that is there, and wakes who waits for it.
    fn take_all(&mut self) -> Result<(), ReadError> {
        let mut responses = Vec::new();
        let taken = loop {
            match self.reader.take(&mut self.incoming) {
                Ok(Progress::More) => break Ok(()),
                Ok(Progress::Whole(response)) => responses.push(response),
                Ok(Progress::Interim(wire::STATUS_GIVEN_BACK)) => {
                    self.deliver(std::mem::take(&mut responses));
                    self.give_back();
                }
                Ok(Progress::Interim(_)) => {}
                Err(error) => break Err(error),
            }
        };
        self.deliver(responses);
        taken
    }

    fn deliver(&mut self, responses: Vec<Response>) {
        let slow = self.slow;
        let mut queue = self.shared.lock();
        for response in responses {
            // An answer that nobody asked for makes every further one doubtful.
            queue.closed |= !response.keep_alive || queue.waiting.is_empty();
            if let Some(waiting) = queue.waiting.pop_front() {
                self.arrived.push((waiting.answer, Ok(Answered { response, slow })));
            }
        }
        drop(queue);
        for (waiting, outcome) in self.arrived.drain(..) {
            // Who gave up does not miss it.
            drop(waiting.send(outcome));
        }
    }

    /// The plugin is at work on the first request, and takes none behind it.
    fn give_back(&mut self) {
        self.slow = true;
        (self.sending, self.sent) = (Vec::new(), 0);
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.outgoing = Vec::new();
        let first = queue.waiting.len().min(1);
        let behind = queue.waiting.split_off(first);
        drop(queue);
        for waiting in behind {
            drop(waiting.answer.send(Err(SendError::Unsent(lost()))));
        }
    }

    /// Waits; ready with whether there is something to be done, or nothing any more.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut queue = self.shared.lock();
        let given_up = queue.waiting.iter().all(|waiting| waiting.answer.is_closed());
        if queue.closed && given_up {
            return Poll::Ready(false);
        }
        if !queue.outgoing.is_empty() && self.sent == self.sending.len() {
            return Poll::Ready(true);
        }
        if !queue.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            queue.driver = Some(cx.waker().clone());
        }
        let Some(earliest) = queue.earliest else { return Poll::Pending };
        drop(queue);
        if self.timer.poll(cx, earliest).is_pending() {
            return Poll::Pending;
        }
        self.end_late();
        Poll::Ready(true)
    }

    /// Tells those whose deadline is over. Their answers are still to come.
    fn end_late(&mut self) {
        let now = Instant::now();
        let mut late = Vec::new();
        let mut queue = self.shared.lock();
        for waiting in &mut queue.waiting {
            if waiting.deadline <= now && !waiting.answer.is_closed() {
                late.push(std::mem::replace(&mut waiting.answer, oneshot::channel().0));
            }
        }
        let left = queue.waiting.iter().filter(|waiting| !waiting.answer.is_closed());
        queue.earliest = left.map(|waiting| waiting.deadline).min();
        // One whose calls are all late is given up: the plugin has to learn it.
        queue.closed |= queue.earliest.is_none() && !queue.waiting.is_empty();
        drop(queue);
        for answer in late {
            drop(answer.send(Err(SendError::TimedOut)));
        }
    }

    /// Tells everybody who waits that there will be no answer.
    fn fail(&mut self, error: ReadError) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        let mut error = Some(error);
        for waiting in waiting {
            // The first one's response it was that failed.
            let error = error.take().map_or_else(|| SendError::Broken(lost()), Into::into);
            drop(waiting.answer.send(Err(error)));
        }
    }
}
