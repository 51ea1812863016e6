//! Runs the handlers, one callback after the other.
//!
//! Most callbacks have a single handler, which is ready at once. So consecutive callbacks of one
//! name are given to it together: looking it up and beginning its future is paid once. A callback that
//! is a part of a trace is given to it alone, within a scope of its own.

use std::future::poll_fn;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context as TaskContext;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

use super::Callbacks;
use super::batch::{Batch, CallbackName, Format};
use super::peer::CallbackPeer;
use super::registrations::HandlerSnapshot;
use crate::error::Result;
use crate::limits;
use crate::panic::catch_panic;
use crate::protocol::visible::Lines;
use crate::protocol::{Problem, Traceparent, wire};
use crate::typed::{
    CallbackEvent, CallbackHandler, CallbackRun, MediaType, Reply, Scope, Work, within_activation,
};

/// Runs the handlers of one plugin for the callbacks of one instance.
pub(super) struct HandlerLoop<'a> {
    peer: &'a CallbackPeer,
    callbacks: &'a Callbacks,
    /// The handlers of the last callback. The next callback mostly has the same name.
    snapshot: HandlerSnapshot,
}

/// What one future of a handler has done.
struct Handled {
    /// The index of the first callback that the handler did not get.
    next: usize,
    /// The answer to the last callback that it got, if the plugin waits for one.
    answer: Option<Result<Reply, Problem>>,
}

impl<'a> HandlerLoop<'a> {
    pub(super) fn new(peer: &'a CallbackPeer, callbacks: &'a Callbacks) -> Self {
        Self { peer, callbacks, snapshot: HandlerSnapshot::default() }
    }

    /// Runs the handlers of these callbacks, one callback after the other.
    pub(super) async fn handle(&mut self, batch: &Batch) {
        let mut began = Instant::now();
        for (name, trace, group) in batch.groups() {
            let mut index = group.start;
            while index < group.end {
                self.callbacks.look_up(name.as_str(), &mut self.snapshot);
                index = match &self.snapshot.handlers[..] {
                    [] => index + 1,
                    [handler] if !name.wants_answer.answer && trace.is_none() => {
                        let end = group.end.min(index + limits::CALLBACK_BACKLOG);
                        self.run_single(batch, name, index..end, handler).await
                    }
                    handlers => {
                        self.run_all(batch, (name, trace), index, handlers).await;
                        index + 1
                    }
                };
                // Handlers that never wait would otherwise keep other tasks from running.
                if began.elapsed() >= limits::CALLBACK_SLICE {
                    tokio::task::yield_now().await;
                    began = Instant::now();
                }
            }
        }
        self.callbacks.release(&mut self.snapshot);
    }

    /// Runs a name's only handler for the first callback of the range, and for further ones as
    /// long as the handler does not wait. Returns the index of the next callback.
    async fn run_single(
        &self,
        batch: &Batch,
        name: &CallbackName,
        range: Range<usize>,
        handler: &CallbackHandler,
    ) -> usize {
        // The semaphore is never closed.
        let _permit = self.callbacks.handler_permit.acquire().await;
        self.run(batch, (name, None), range, handler).await.next
    }

    /// Runs all handlers of one callback, then sends the first answer if the plugin waits for
    /// one.
    async fn run_all(
        &self,
        batch: &Batch,
        (name, trace): (&CallbackName, Option<Traceparent>),
        index: usize,
        handlers: &[CallbackHandler],
    ) {
        let permit = self.callbacks.handler_permit.acquire().await;
        let mut answer = None;
        for handler in handlers {
            let handled = self.run(batch, (name, trace), index..index + 1, handler).await;
            answer = answer.or(handled.answer);
        }
        drop(permit);
        let (Some(event_id), Some(answer)) = (batch.event_id(index), answer) else { return };
        let is_certain = name.wants_answer.is_certain;
        if let Err(error) = self.reply(event_id, answer).await
            && is_certain
        {
            self.peer.warnings().log("an answer did not reach the plugin", || {
                tracing::warn!(
                    target: "goplug::callbacks",
                    plugin = %self.peer.id(), callback = name.as_str(), "the answer did not reach the plugin: {error}"
                )
            });
        }
    }

    /// Runs one handler, for the first callback of the range and perhaps for further ones.
    async fn run(
        &self,
        batch: &Batch,
        (name, trace): (&CallbackName, Option<Traceparent>),
        range: Range<usize>,
        handler: &CallbackHandler,
    ) -> Handled {
        let has_waited = &AtomicBool::new(false);
        let mut pending = PendingCallbacks {
            name,
            next: range.start,
            first: range.start,
            data: batch.data(range),
            has_waited,
            peer: self.peer,
            callbacks: self.callbacks,
            snapshot: &self.snapshot,
            answer: None,
            decoded: Vec::new(),
        };
        let activation = (!self.peer.is_active()).then(|| self.callbacks.activation_id());
        if activation.is_some() {
            self.peer.set_handling(Some(name.as_str()));
        }
        let mut scope = trace.map(|trace| self.scope(name, trace));
        let span = scope.as_ref().map(|scope| scope.span.clone());
        let mut running = handler.run(&mut pending);
        let mut poll = move |cx: &mut TaskContext<'_>| match &mut scope {
            Some(scope) => scope.enter(|| running.as_mut().poll(cx)),
            None => running.as_mut().poll(cx),
        };
        let running = poll_fn(move |cx| {
            let poll = match activation.filter(|_| !self.peer.is_active()) {
                Some(_) => within_activation(activation, || poll(cx)),
                None => poll(cx),
            };
            has_waited.fetch_or(poll.is_pending(), Ordering::Relaxed);
            poll
        });
        if let Err(panic) = catch_panic(running).await {
            if let Some(span) = span {
                span.failed(&panic);
            }
            pending.panicked(panic);
        }
        if activation.is_some() {
            self.peer.set_handling(None);
        }
        Handled { next: pending.next, answer: pending.answer }
    }

    /// What the handlers of a callback run within that was sent at this place in a trace: the calls that
    /// they make are of the same trace.
    fn scope(&self, name: &CallbackName, traceparent: Traceparent) -> Scope {
        let work = Work::Callback { plugin: Some(self.peer.id()), name: name.as_str() };
        Scope::of_callback(work, traceparent)
    }

    /// Sends a handler's answer to the plugin that waits for it.
    async fn reply(&self, event_id: u64, answer: Result<Reply, Problem>) -> Result<()> {
        let (body, media_type) = match answer {
            Ok(reply) => (reply.body, reply.media_type.as_str()),
            Err(problem) => (Bytes::from(problem.to_json()), wire::PROBLEM),
        };
        let host_id = &self.callbacks.host_id;
        self.peer.reply(host_id, event_id, (&body, media_type), || false).await.map(drop)
    }
}

/// The callbacks that a handler's future takes one by one.
///
/// The first callback is always given out. Further ones are not given out once the future has
/// waited, since other work may be due by then, nor once a handler was added or removed.
struct PendingCallbacks<'a, D> {
    name: &'a CallbackName,
    first: usize,
    next: usize,
    /// The data of the callbacks from `next` on, still encoded.
    data: D,
    /// Whether the handler's future was pending after a poll.
    has_waited: &'a AtomicBool,
    peer: &'a CallbackPeer,
    callbacks: &'a Callbacks,
    snapshot: &'a HandlerSnapshot,
    answer: Option<Result<Reply, Problem>>,
    /// The decoded data of the current callback, if it came as base64.
    decoded: Vec<u8>,
}

impl<'a, D: Iterator<Item = &'a [u8]>> PendingCallbacks<'a, D> {
    /// The data of the next callback, still encoded.
    #[inline]
    fn next_data(&mut self) -> Option<&'a [u8]> {
        let may_continue =
            !self.has_waited.load(Ordering::Relaxed) && self.callbacks.is_current(self.snapshot);
        if !may_continue && self.next > self.first {
            return None;
        }
        let data = self.data.next()?;
        self.next += 1;
        Some(data)
    }

    /// Notes that the handler panicked: the plugin gets a problem if it waits for an answer. The
    /// callbacks after this one go to a new future of the handler.
    #[cold]
    fn panicked(&mut self, message: String) {
        self.peer.warnings().log("a handler panicked", || {
            tracing::error!(
                target: "goplug::callbacks", plugin = %self.peer.id(),
                callback = self.name.as_str(), "the handler panicked: {}", Lines(&message)
            );
        });
        self.next = self.next.max(self.first + 1);
        if self.name.wants_answer.answer {
            self.answer = Some(Err(Problem::panicked(message)));
        }
    }

    /// Decodes the data of the next callback from base64 into `decoded`. Skips callbacks whose
    /// data is not valid base64.
    #[cold]
    fn decode_next(&mut self) -> Option<()> {
        loop {
            let data = self.next_data()?;
            self.decoded.clear();
            match BASE64.decode_vec(data, &mut self.decoded) {
                Ok(()) => return Some(()),
                Err(error) => self.warn_dropped(&error),
            }
        }
    }

    fn warn_dropped(&self, error: &base64::DecodeError) {
        self.peer.warnings().log("a callback is dropped", || {
            tracing::warn!(
                target: "goplug::callbacks", plugin = %self.peer.id(),
                callback = self.name.as_str(), "a callback is dropped: {error}"
            );
        });
    }
}

impl<'a, D: Iterator<Item = &'a [u8]> + Send> CallbackRun for PendingCallbacks<'a, D> {
    #[inline]
    fn next(&mut self) -> Option<&[u8]> {
        if self.name.format != Format::Base64 {
            return self.next_data();
        }
        self.decode_next()?;
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
        self.name.wants_answer.answer
    }

    fn finish(&mut self, outcome: Result<Option<Reply>, Problem>) {
        if let Err(problem) = &outcome {
            self.peer.warnings().log("a handler failed", || {
                tracing::warn!(
                    target: "goplug::callbacks",
                    plugin = %self.peer.id(), callback = self.name.as_str(),
                    "the handler failed: {}", Lines(&problem.detail)
                )
            });
        }
        if self.wants_answer() {
            self.answer = outcome.transpose();
        }
    }
}
