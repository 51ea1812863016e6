//! Handlers of callbacks.
//!
//! Callbacks arrive many at a time, and most handlers are ready at once. So a handler gets a
//! [`CallbackRun`] and takes one callback after the other: the handler is started only once, the
//! arguments are read in place, and a reply is written only if the plugin waits for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::run::{CallbackEvent, CallbackRun};
use crate::protocol::Problem;
use crate::typed::call::Reply;

/// A handler at work, until its run has no further callback.
type HandlerFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

trait Handle: Send + Sync {
    fn run<'a>(&'a self, run: &'a mut dyn CallbackRun) -> HandlerFuture<'a>;
}

/// A handler of a callback: it runs when the callback arrives.
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
    /// A handler that gets each callback as it arrived. Its reply matters only for callbacks
    /// that return a value.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(CallbackEvent) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Problem>> + Send + 'static,
    {
        let read = |run: &mut dyn CallbackRun| run.next_event().map(Ok);
        let write = |outcome: Fut::Output, _: bool| outcome.map(Some);
        Self(Arc::new(Typed { read, handler, write }))
    }

    /// A handler of typed arguments. `read` decodes those of the next callback; `write` encodes
    /// the handler's output, if the plugin waits for a reply.
    pub(in crate::typed) fn typed<A, F, Fut>(
        read: impl Fn(&mut dyn CallbackRun) -> Option<Result<A, Problem>> + Send + Sync + 'static,
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

    /// Runs the handler for one callback, and returns its reply. Dropping the future drops the
    /// future of the handler.
    ///
    /// # Errors
    /// The problem that the handler returns, or the reason why it did not run.
    pub async fn call(&self, event: CallbackEvent) -> Result<Reply, Problem> {
        let mut one = One { event: Some(event), data: Bytes::new(), outcome: None };
        self.run(&mut one).await;
        match one.outcome {
            Some(Ok(Some(reply))) => Ok(reply),
            Some(Err(problem)) => Err(problem),
            Some(Ok(None)) | None => Reply::json(&()),
        }
    }

    /// Runs the handler for the callbacks of this run.
    pub(crate) fn run<'a>(&'a self, run: &'a mut dyn CallbackRun) -> HandlerFuture<'a> {
        self.0.run(run)
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
    R: Fn(&mut dyn CallbackRun) -> Option<Result<A, Problem>> + Send + Sync,
    F: Fn(A) -> Fut + Send + Sync,
    Fut: Future + Send,
    W: Fn(Fut::Output, bool) -> Result<Option<Reply>, Problem> + Send + Sync,
{
    fn run<'a>(&'a self, run: &'a mut dyn CallbackRun) -> HandlerFuture<'a> {
        Box::pin(async move {
            let wants_answer = run.wants_answer();
            while let Some(arguments) = (self.read)(run) {
                let running = match arguments {
                    Ok(arguments) => (self.handler)(arguments),
                    Err(problem) => {
                        run.finish(Err(problem));
                        continue;
                    }
                };
                let output = running.await;
                match (self.write)(output, wants_answer) {
                    Ok(None) => {}
                    outcome => run.finish(outcome),
                }
            }
        })
    }
}

/// A run of one callback.
struct One {
    event: Option<CallbackEvent>,
    /// The arguments that [`CallbackRun::next`] has lent.
    data: Bytes,
    outcome: Option<Result<Option<Reply>, Problem>>,
}

impl CallbackRun for One {
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
