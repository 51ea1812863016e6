//! What runs when callbacks arrive.
//!
//! They come many at a time, and most handlers are done with one at once. So a handler is
//! given as many as there are and takes one after the other: what it costs to begin is paid
//! once, the arguments are read where they lie, and an answer is written only where the
//! plugin waits for one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::call::{MediaType, Reply};
use crate::protocol::Problem;

/// One callback on its way in.
#[derive(Clone, Debug)]
pub struct CallbackEvent {
    /// The arguments, as for a call.
    pub data: Bytes,
    /// What `data` is.
    pub media_type: MediaType,
}

/// Callbacks of one name that a handler is to run for, one after the other.
pub(crate) trait Arrivals: Send {
    /// What the next one carries, once the one before is done; `None` where there is none, or
    /// somebody else's turn comes first.
    fn next(&mut self) -> Option<&[u8]>;

    /// The same as a whole, to be kept.
    fn next_event(&mut self) -> Option<CallbackEvent>;

    /// Whether the plugin waits for the answers.
    fn wants_answer(&self) -> bool;

    /// Takes the answer, if there is one, or the reason why there is none.
    fn finish(&mut self, outcome: Result<Option<Reply>, Problem>);
}

/// Handles callbacks one after the other, until none is left to it.
type Run<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

trait Handle: Send + Sync {
    fn run<'a>(&'a self, arrivals: &'a mut dyn Arrivals) -> Run<'a>;
}

/// What runs when a callback arrives.
///
/// ```
/// use goplug::CallbackHandler;
/// use goplug::raw::Reply;
///
/// let handler = CallbackHandler::new(|event| async move {
///     println!("{} bytes", event.data.len());
///     Reply::json(&())
/// });
/// ```
#[derive(Clone)]
pub struct CallbackHandler(Arc<dyn Handle>);

impl CallbackHandler {
    /// A handler that gets each callback as it came. Its reply matters only for callbacks
    /// that return a value.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(CallbackEvent) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Problem>> + Send + 'static,
    {
        let read = |arrivals: &mut dyn Arrivals| arrivals.next_event().map(Ok);
        let write = |outcome: Fut::Output, _: bool| outcome.map(Some);
        Self(Arc::new(Typed { read, handler, write }))
    }

    /// A handler of what `read` makes of the next callback; `write` makes the answer of what
    /// the handler returns, if one is wanted.
    pub(crate) fn typed<A, F, Fut>(
        read: impl Fn(&mut dyn Arrivals) -> Option<Result<A, Problem>> + Send + Sync + 'static,
        handler: F,
        write: impl Fn(Fut::Output, bool) -> Result<Option<Reply>, Problem> + Send + Sync + 'static,
    ) -> Self
    where
        A: Send,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
    {
        Self(Arc::new(Typed { read, handler, write }))
    }

    /// Runs it for one callback, whose answer is wanted. Dropping the future drops what the
    /// handler is about.
    ///
    /// # Errors
    /// The problem that the handler answers with, or why it was not run.
    pub async fn call(&self, event: CallbackEvent) -> Result<Reply, Problem> {
        let mut one = One { event: Some(event), data: Bytes::new(), outcome: None };
        self.run(&mut one).await;
        match one.outcome {
            Some(Ok(Some(reply))) => Ok(reply),
            Some(Err(problem)) => Err(problem),
            Some(Ok(None)) | None => Reply::json(&()),
        }
    }

    /// Runs it for these callbacks.
    pub(crate) fn run<'a>(&'a self, arrivals: &'a mut dyn Arrivals) -> Run<'a> {
        self.0.run(arrivals)
    }
}

impl fmt::Debug for CallbackHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackHandler").finish_non_exhaustive()
    }
}

struct Typed<R, F, W> {
    read: R,
    handler: F,
    write: W,
}

impl<A, R, F, Fut, W> Handle for Typed<R, F, W>
where
    A: Send,
    R: Fn(&mut dyn Arrivals) -> Option<Result<A, Problem>> + Send + Sync,
    F: Fn(A) -> Fut + Send + Sync,
    Fut: Future + Send,
    W: Fn(Fut::Output, bool) -> Result<Option<Reply>, Problem> + Send + Sync,
{
    fn run<'a>(&'a self, arrivals: &'a mut dyn Arrivals) -> Run<'a> {
        Box::pin(async move {
            let wants_answer = arrivals.wants_answer();
            while let Some(arguments) = (self.read)(arrivals) {
                let running = match arguments {
                    Ok(arguments) => (self.handler)(arguments),
                    Err(problem) => {
                        arrivals.finish(Err(problem));
                        continue;
                    }
                };
                let output = running.await;
                match (self.write)(output, wants_answer) {
                    Ok(None) => {}
                    outcome => arrivals.finish(outcome),
                }
            }
        })
    }
}

/// A single callback.
struct One {
    event: Option<CallbackEvent>,
    /// The data that has been given out.
    data: Bytes,
    outcome: Option<Result<Option<Reply>, Problem>>,
}

impl Arrivals for One {
    fn next(&mut self) -> Option<&[u8]> {
        self.data = self.event.take()?.data;
        Some(&self.data)
    }

    fn next_event(&mut self) -> Option<CallbackEvent> {
        self.event.take()
    }

    fn wants_answer(&self) -> bool {
        true
    }

    fn finish(&mut self, outcome: Result<Option<Reply>, Problem>) {
        self.outcome = Some(outcome);
    }
}
