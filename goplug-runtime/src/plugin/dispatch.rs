//! From a method's name to its handler's answer.
//!
//! A handler runs inside the future that serves its request: a caller that goes away
//! drops the connection's future, and with it the handler. Nothing is spawned, so
//! nothing has to be cancelled.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{self, Poll};
use std::thread;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::lifecycle::{Lifecycle, Phase};
use super::race::{self, First, catch_panic, first, panic_text};
use crate::protocol::{Problem, ProblemKind};
use crate::typed::{Call, Context, Handler, Reply, ReplyFuture};

/// A handler that has not answered at once.
pub(super) struct Running {
    answer: ReplyFuture,
    began: Instant,
}

/// Begins a call, and waits for nothing: most handlers have answered by then.
///
/// # Errors
/// The handler, where it takes longer.
pub(super) async fn begin(
    handler: &Handler,
    call: Call,
    budget: Option<Duration>,
    context: Option<&Context>,
) -> Result<Result<Reply, Problem>, Running> {
    if let Some(budget) = budget.filter(Duration::is_zero) {
        return Ok(Err(spent(budget)));
    }
    let began = Instant::now();
    let mut call = Some(call);
    let begun = poll_fn(|cx| {
        let mut begin = || first_poll(handler, call.take().unwrap_or_default(), cx);
        Poll::Ready(match context {
            Some(context) => context.scope_now(begin),
            None => begin(),
        })
    });
    match begun.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(answer)) => Err(Running { answer, began }),
        Err(panic) => Ok(Err(panicked(panic_text(&*panic)))),
    }
}

/// Makes a handler's future and polls it; an error is the panic of either.
fn first_poll(
    handler: &Handler,
    call: Call,
    cx: &mut task::Context<'_>,
) -> thread::Result<Result<Result<Reply, Problem>, ReplyFuture>> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut answer = handler(call);
        match answer.as_mut().poll(cx) {
            Poll::Ready(answer) => Ok(answer),
            Poll::Pending => Err(answer),
        }
    }))
}

/// Waits for a handler until it answers, panics, has spent its budget, or the grace period
/// of a stop is over. Dropping the future drops the handler.
pub(super) async fn finish(
    running: Running,
    budget: Option<Duration>,
    context: Option<&Context>,
    lifecycle: &Lifecycle,
) -> Result<Reply, Problem> {
    let Running { answer, began } = running;
    let handler = async {
        let answered = match context {
            Some(context) => catch_panic(context.clone().scope(answer)).await,
            None => catch_panic(answer).await,
        };
        answered.unwrap_or_else(|panic| Err(panicked(panic)))
    };
    let handler = async {
        let Some(budget) = budget else { return handler.await };
        let left = budget.saturating_sub(began.elapsed());
        timeout(left, handler).await.unwrap_or_else(|_| Err(spent(budget)))
    };
    match first(handler, lifecycle.reached(Phase::Cut)).await {
        First::Left(answer) => answer,
        First::Right(()) => Err(Problem::new(
            ProblemKind::CutOff,
            "the plugin is stopping, and the call did not finish within the grace period",
        )),
    }
}

fn panicked(panic: String) -> Problem {
    Problem::new(ProblemKind::HandlerPanicked, panic)
}

fn spent(budget: Duration) -> Problem {
    let detail = format!("the caller's budget of {budget:?} is spent");
    Problem::new(ProblemKind::DeadlineExceeded, detail)
}

/// Bounds an answer by the caller's budget; one of zero is spent before it begins.
pub(super) async fn within<T>(
    budget: Option<Duration>,
    answer: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let Some(budget) = budget else { return answer.await };
    if budget.is_zero() {
        return Err(spent(budget));
    }
    race::within(budget, answer).await.unwrap_or_else(|| Err(spent(budget)))
}
