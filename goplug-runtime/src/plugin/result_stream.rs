//! The result of a call that is a stream.
//!
//! The method's handler is polled by the connection that writes the items, and by nothing else: if
//! the connection cannot write, the handler does not run, and if the peer hangs up, the handler is
//! dropped.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use bytes::Bytes;

use super::dispatch::{self, Running};
use super::lifecycle::{CallGuard, Lifecycle};
use crate::protocol::{Problem, ProblemKind};
use crate::typed::{Call, Handler, MediaType, Outlet, Reply, Scope};

/// A call whose result is a stream, from the first poll of its handler to its last item.
pub(super) struct ResultStream {
    /// The handler; `None` once it has ended.
    producer: Option<Producer>,
    outlet: Outlet,
    /// Why the handler has failed after its stream began.
    failure: Option<Problem>,
    /// A stop waits for the stream.
    guard: CallGuard,
}

/// A stream that is about to begin; see [`ResultStream::opened`].
pub(super) type Opening =
    Pin<Box<dyn Future<Output = Result<ResultStream, (Problem, CallGuard)>> + Send>>;

type Producer = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// A part of the body of a streamed result.
pub(super) enum StreamPiece {
    /// More may come.
    Data(Bytes),
    /// The last part, which may be empty.
    Last(Bytes),
    /// Nothing comes any more, since a stream of bytes has failed: its body must not look complete.
    Failed(Problem),
}

impl ResultStream {
    /// A call in this scope. The budget is for the whole of it, if it has one.
    pub(super) fn new(
        handler: &Handler,
        call: Call,
        (scope, budget): (Scope, Option<Duration>),
        lifecycle: Arc<Lifecycle>,
        guard: CallGuard,
    ) -> Self {
        let outlet = Outlet::default();
        let (handler, call) = (handler.clone(), call.streaming(outlet.clone()));
        let producer = async move {
            let running = Running::new(Box::pin(async move { handler(call).await }), scope);
            dispatch::finish(running, budget, &lifecycle).await
        };
        Self { producer: Some(Box::pin(producer)), outlet, failure: None, guard }
    }

    /// Waits until the method has returned its stream, for as long as the caller's budget allows.
    ///
    /// # Errors
    /// The problem that the call is answered with, and the guard of the call.
    pub(super) async fn opened(
        mut self,
        budget: Option<Duration>,
    ) -> Result<Self, (Problem, CallGuard)> {
        let opened = poll_fn(|cx| self.poll_opened(cx));
        match dispatch::within_budget(budget, opened).await {
            Ok(()) => Ok(self),
            Err(problem) => Err((problem, self.guard)),
        }
    }

    fn poll_opened(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Problem>> {
        let ended = self.poll_producer(cx);
        if self.outlet.items().is_some() {
            if let Poll::Ready(outcome) = ended {
                self.end(outcome);
            }
            return Poll::Ready(Ok(()));
        }
        let outcome = ready!(ended).and_then(|()| {
            Err(Problem::new(ProblemKind::Internal, "the method has returned no stream"))
        });
        Poll::Ready(outcome)
    }

    /// Polls the handler until it has ended.
    fn poll_producer(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Problem>> {
        let Some(producer) = &mut self.producer else { return Poll::Ready(Ok(())) };
        let outcome = ready!(producer.as_mut().poll(cx));
        self.producer = None;
        Poll::Ready(outcome.map(drop))
    }

    fn end(&mut self, outcome: Result<(), Problem>) {
        self.outlet.end(outcome.as_ref().err());
        // That of events is among them.
        self.failure = outcome.err().filter(|_| self.items() == MediaType::Raw);
    }

    /// The media type of the body.
    pub(super) fn items(&self) -> MediaType {
        self.outlet.items().unwrap_or(MediaType::Json)
    }

    /// The next piece of the body, with everything that is ready. Not to be called after the last.
    pub(super) fn poll_piece(&mut self, cx: &mut TaskContext<'_>) -> Poll<StreamPiece> {
        // What is there is written before more is made.
        let mut piece = self.outlet.take();
        if piece.is_none() && self.producer.is_some() {
            if let Poll::Ready(outcome) = self.poll_producer(cx) {
                self.end(outcome);
            }
            piece = self.outlet.take();
        }
        let is_last = self.producer.is_none() && self.outlet.is_empty();
        match piece {
            Some(piece) if is_last && self.failure.is_none() => {
                Poll::Ready(StreamPiece::Last(piece))
            }
            Some(piece) => Poll::Ready(StreamPiece::Data(piece)),
            None if !is_last => Poll::Pending,
            None => Poll::Ready(match self.failure.take() {
                Some(problem) => StreamPiece::Failed(problem),
                None => StreamPiece::Last(Bytes::new()),
            }),
        }
    }
}

impl fmt::Debug for ResultStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultStream").field("outlet", &self.outlet).finish_non_exhaustive()
    }
}
