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
use super::table::Handlers;
use crate::error::Result;
use crate::host::service::Service;
use crate::http1::Request;
use crate::limits;
use crate::protocol::{Problem, wire};
use crate::typed::{Arrivals, CallbackEvent, CallbackHandler, MediaType, Reply};

/// What runs the handlers of one plugin for the callbacks of one run.
pub(super) struct Handling<'a> {
    service: &'a Service,
    callbacks: &'a Callbacks,
    /// The handlers of the last callback: the next one mostly has the same.
    handlers: Handlers,
}

impl<'a> Handling<'a> {
    pub(super) fn new(service: &'a Service, callbacks: &'a Callbacks) -> Self {
        Self { service, callbacks, handlers: Handlers::default() }
    }

    /// Runs the handlers of these callbacks, one callback after the other.
    pub(super) async fn handle(&mut self, batch: &Batch) {
        let mut began = Instant::now();
        let mut at = 0;
        while at < batch.len() {
            let Name { wants_answer, .. } = *batch.name(at);
            self.callbacks.look_up(batch.name(at).text(), &mut self.handlers);
            at = match &self.handlers.list[..] {
                [] => at + 1,
                [handler] if !wants_answer => self.run_one(batch, at, handler).await,
                handlers => {
                    self.run_all(batch, at, handlers).await;
                    at + 1
                }
            };
            // Handlers that are done at once would otherwise keep everybody else waiting.
            if began.elapsed() >= limits::CALLBACK_SLICE {
                tokio::task::yield_now().await;
                began = Instant::now();
            }
        }
        self.handlers.clear();
    }

    /// Runs the only handler, for this callback and for those behind it that have the same
    /// name, as long as it is done with each at once; answers with the next one.
    async fn run_one(&self, batch: &Batch, at: usize, handler: &CallbackHandler) -> usize {
        // Never closed.
        let _turn = self.callbacks.turn.acquire().await;
        let end = batch.end_of_run(at, limits::CALLBACK_BACKLOG);
        self.run(batch, at..end, handler).await.0
    }

    /// Runs several handlers, or one whose answer goes to the plugin.
    async fn run_all(&self, batch: &Batch, at: usize, handlers: &[CallbackHandler]) {
        let turn = self.callbacks.turn.acquire().await;
        let mut answer = None;
        for handler in handlers {
            let (_, outcome) = self.run(batch, at..at + 1, handler).await;
            answer = answer.or(outcome);
        }
        drop(turn);
        let (Some(id), Some(outcome)) = (batch.id(at), answer) else { return };
        if let Err(error) = self.reply(id, outcome).await {
            tracing::warn!(
                target: "goplug::callbacks",
                callback = batch.name(at).text(), "the answer did not reach the plugin: {error}"
            );
        }
    }

    /// Runs a handler, for one callback at least; answers with the next one, and with the
    /// answer of the last if that is wanted.
    async fn run(
        &self,
        batch: &Batch,
        range: Range<usize>,
        handler: &CallbackHandler,
    ) -> (usize, Option<Result<Reply, Problem>>) {
        let has_waited = AtomicBool::new(false);
        let mut rest = Rest {
            batch,
            first: range.start,
            next: range.start,
            end: range.end,
            has_waited: &has_waited,
            callbacks: self.callbacks,
            handlers: &self.handlers,
            answer: None,
            decoded: Vec::new(),
        };
        let mut running = handler.run(&mut rest);
        poll_fn(|cx| {
            let poll = running.as_mut().poll(cx);
            has_waited.fetch_or(poll.is_pending(), Ordering::Relaxed);
            poll
        })
        .await;
        drop(running);
        (rest.next, rest.answer)
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
            fields: &[(wire::HEADER_HOST, &self.callbacks.host)],
            ..Request::new(wire::CALLBACK_REPLY, &body)
        };
        self.service.control(&request).await.map(drop)
    }
}

/// What a handler is to run for. Beyond the first callback it gets no more once it has had
/// to wait, since then others may have waited for their turn, or once it may have been
/// unregistered.
struct Rest<'a> {
    batch: &'a Batch,
    first: usize,
    next: usize,
    end: usize,
    has_waited: &'a AtomicBool,
    callbacks: &'a Callbacks,
    handlers: &'a Handlers,
    answer: Option<Result<Reply, Problem>>,
    /// The bytes of the callback at hand, where they came as base64.
    decoded: Vec<u8>,
}

impl<'a> Rest<'a> {
    /// What the next one carries, as it came.
    #[inline]
    fn advance(&mut self) -> Option<(&'a [u8], Format)> {
        let goes_on =
            !self.has_waited.load(Ordering::Relaxed) && self.callbacks.are_current(self.handlers);
        if self.next == self.end || (!goes_on && self.next > self.first) {
            return None;
        }
        self.next += 1;
        Some(self.batch.data(self.next - 1))
    }
}

impl Arrivals for Rest<'_> {
    #[inline]
    fn next(&mut self) -> Option<&[u8]> {
        loop {
            match self.advance()? {
                (data, Format::Json | Format::Raw) => return Some(data),
                (data, Format::Base64) => {
                    self.decoded.clear();
                    match BASE64.decode_vec(data, &mut self.decoded) {
                        Ok(()) => break,
                        Err(reason) => tell_dropped(&reason),
                    }
                }
            }
        }
        Some(&self.decoded)
    }

    fn next_event(&mut self) -> Option<CallbackEvent> {
        loop {
            let (data, media_type) = match self.advance()? {
                (data, Format::Json) => (Bytes::copy_from_slice(data), MediaType::Json),
                (data, Format::Raw) => (Bytes::copy_from_slice(data), MediaType::Raw),
                (data, Format::Base64) => match BASE64.decode(data) {
                    Ok(data) => (data.into(), MediaType::Raw),
                    Err(reason) => {
                        tell_dropped(&reason);
                        continue;
                    }
                },
            };
            return Some(CallbackEvent { data, media_type });
        }
    }

    fn wants_answer(&self) -> bool {
        self.batch.name(self.first).wants_answer
    }

    fn finish(&mut self, outcome: Result<Option<Reply>, Problem>) {
        if let Err(problem) = &outcome {
            tracing::warn!(
                target: "goplug::callbacks",
                callback = self.batch.name(self.first).text(),
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
