//! Running the handlers, one callback after the other.

use std::future::poll_fn;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

use super::Callbacks;
use super::batch::{Batch, Format, Name};
use super::registrations::Handlers;
use crate::error::Result;
use crate::host::instance::Instance;
use crate::http1::Request;
use crate::limits;
use crate::protocol::{Problem, wire};
use crate::typed::{CallbackEvent, CallbackHandler, CallbackRun, MediaType, Reply};

/// Runs the handlers of one plugin for the callbacks of one instance.
pub(super) struct HandlerLoop<'a> {
    instance: &'a Instance,
    callbacks: &'a Callbacks,
    /// The handlers of the last callback: the next one mostly has the same.
    handlers: Handlers,
}

impl<'a> HandlerLoop<'a> {
    pub(super) fn new(instance: &'a Instance, callbacks: &'a Callbacks) -> Self {
        Self { instance, callbacks, handlers: Handlers::default() }
    }

    /// Runs the handlers of these callbacks, one callback after the other.
    pub(super) async fn handle(&mut self, batch: &Batch) {
        let mut began = Instant::now();
        for (name, group) in batch.groups() {
            let mut at = group.start;
            while at < group.end {
                self.callbacks.look_up(name.text(), &mut self.handlers);
                at = match &self.handlers.list[..] {
                    [] => at + 1,
                    [handler] if !name.wants_answer => {
                        let end = group.end.min(at + limits::CALLBACK_BACKLOG);
                        self.run_one(batch, name, at..end, handler).await
                    }
                    handlers => {
                        self.run_all(batch, name, at, handlers).await;
                        at + 1
                    }
                };
                // Handlers that are done at once would otherwise keep everybody else waiting.
                if began.elapsed() >= limits::CALLBACK_SLICE {
                    tokio::task::yield_now().await;
                    began = Instant::now();
                }
            }
        }
        self.handlers.clear();
    }

    /// Runs the only handler, for the first of these callbacks and for those behind it as long
    /// as it is done with each at once; answers with the next one.
    async fn run_one(
        &self,
        batch: &Batch,
        name: &Name,
        range: Range<usize>,
        handler: &CallbackHandler,
    ) -> usize {
        // Never closed.
        let _turn = self.callbacks.turn.acquire().await;
        self.run(batch, name, range, handler).await.0
    }

    /// Runs several handlers, or one whose answer goes to the plugin.
    async fn run_all(&self, batch: &Batch, name: &Name, at: usize, handlers: &[CallbackHandler]) {
        let turn = self.callbacks.turn.acquire().await;
        let mut answer = None;
        for handler in handlers {
            let (_, outcome) = self.run(batch, name, at..at + 1, handler).await;
            answer = answer.or(outcome);
        }
        drop(turn);
        let (Some(id), Some(outcome)) = (batch.id(at), answer) else { return };
        if let Err(error) = self.reply(id, outcome).await {
            tracing::warn!(
                target: "goplug::callbacks",
                callback = name.text(), "the answer did not reach the plugin: {error}"
            );
        }
    }

    /// Runs a handler, for one callback at least; answers with the next one, and with the
    /// answer of the last if that is wanted.
    async fn run(
        &self,
        batch: &Batch,
        name: &Name,
        range: Range<usize>,
        handler: &CallbackHandler,
    ) -> (usize, Option<Result<Reply, Problem>>) {
        let has_waited = AtomicBool::new(false);
        let mut pending = PendingCallbacks {
            name,
            next: range.start,
            first: range.start,
            data: batch.data(range),
            has_waited: &has_waited,
            callbacks: self.callbacks,
            handlers: &self.handlers,
            answer: None,
            decoded: Vec::new(),
        };
        let mut running = handler.run(&mut pending);
        poll_fn(|cx| {
            let poll = running.as_mut().poll(cx);
            has_waited.fetch_or(poll.is_pending(), Ordering::Relaxed);
            poll
        })
        .await;
        drop(running);
        (pending.next, pending.answer)
    }

    /// Sends a handler's answer to the plugin that waits for it.
    async fn reply(&self, id: u64, outcome: Result<Reply, Problem>) -> Result<()> {
        let (body, media_type) = match outcome {
            Ok(reply) => (reply.body, reply.media_type.as_str()),
            Err(problem) => (Bytes::from(problem.to_json()), wire::PROBLEM),
        };
        let request = Request {
            below: &format!("/{id}"),
            content_type: Some(media_type),
            headers: &[(wire::HEADER_HOST, &self.callbacks.host)],
            ..Request::new(wire::CALLBACK_REPLY, &body)
        };
        self.instance.control(&request).await.map(drop)
    }
}

/// What a handler is to run for. Beyond the first callback it gets no more once it has had
/// to wait, since then others may have waited for their turn, or once it may have been
/// unregistered.
struct PendingCallbacks<'a, D> {
    name: &'a Name,
    first: usize,
    next: usize,
    /// What the next ones carry, as it came.
    data: D,
    has_waited: &'a AtomicBool,
    callbacks: &'a Callbacks,
    handlers: &'a Handlers,
    answer: Option<Result<Reply, Problem>>,
    /// The bytes of the callback at hand, where they came as base64.
    decoded: Vec<u8>,
}

impl<'a, D: Iterator<Item = &'a [u8]>> PendingCallbacks<'a, D> {
    /// What the next one carries, as it came.
    #[inline]
    fn advance(&mut self) -> Option<&'a [u8]> {
        let goes_on =
            !self.has_waited.load(Ordering::Relaxed) && self.callbacks.are_current(self.handlers);
        if !goes_on && self.next > self.first {
            return None;
        }
        let data = self.data.next()?;
        self.next += 1;
        Some(data)
    }

    /// The same where it came as base64: it is passed over where it is none.
    #[cold]
    fn advance_decoded(&mut self) -> Option<()> {
        loop {
            let data = self.advance()?;
            self.decoded.clear();
            match BASE64.decode_vec(data, &mut self.decoded) {
                Ok(()) => return Some(()),
                Err(reason) => tell_dropped(&reason),
            }
        }
    }
}

impl<'a, D: Iterator<Item = &'a [u8]> + Send> CallbackRun for PendingCallbacks<'a, D> {
    #[inline]
    fn next(&mut self) -> Option<&[u8]> {
        if self.name.format != Format::Base64 {
            return self.advance();
        }
        self.advance_decoded()?;
        Some(&self.decoded)
    }

    fn next_event(&mut self) -> Option<CallbackEvent> {
        let format = self.name.format;
        let data = self.next().map(Bytes::copy_from_slice)?;
        let media_type = match format {
            Format::Json => MediaType::Json,
            Format::Base64 | Format::Raw => MediaType::Raw,
        };
        Some(CallbackEvent { data, media_type })
    }

    fn wants_answer(&self) -> bool {
        self.name.wants_answer
    }

    fn finish(&mut self, outcome: Result<Option<Reply>, Problem>) {
        if let Err(problem) = &outcome {
            tracing::warn!(
                target: "goplug::callbacks",
                callback = self.name.text(),
                "the handler failed: {}", problem.detail
            );
        }
        if self.wants_answer() {
            self.answer = outcome.transpose();
        }
    }
}

#[cold]
fn tell_dropped(reason: &base64::DecodeError) {
    tracing::warn!(target: "goplug::callbacks", "a callback is dropped: {reason}");
}
