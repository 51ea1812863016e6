//! Running a method's handler until it answers.
//!
//! A handler runs inside the future that serves its request. If the caller goes away, the
//! connection's future is dropped, and the handler with it. Nothing is spawned, so nothing has
//! to be cancelled.

use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::lifecycle::{Lifecycle, Phase};
use super::select::{Either, select, with_context};
use crate::panic::{catch, catch_panic};
use crate::protocol::{Problem, ProblemKind};
use crate::transport::{Debuggee, HELD_WAIT};
use crate::typed::{Call, Handler, Reply, ReplyFuture, Scope};

/// A handler after its first poll.
pub(super) enum Begun {
    /// It has answered, or cannot any more.
    Answered(Result<Reply, Problem>),
    /// It waits for something; [`finish`] waits with it.
    Running(Running),
}

/// A handler that has not answered yet.
pub(super) struct Running {
    reply: Contained<ReplyFuture>,
    scope: Scope,
    began: Instant,
}

impl Running {
    /// A handler that has not been polled.
    pub(super) fn new(reply: ReplyFuture, scope: Scope) -> Self {
        Self { reply: Contained::new(reply), scope, began: Instant::now() }
    }
}

/// Calls the handler and polls it once, which is enough for most handlers. `cx` is that of the
/// task that will wait for it.
#[inline]
pub(super) fn begin(
    handler: &Handler,
    call: Call,
    budget: Option<Duration>,
    scope: impl FnOnce(Option<std::time::Instant>) -> Scope,
    cx: &mut TaskContext<'_>,
) -> Begun {
    if let Some(budget) = budget.filter(Duration::is_zero) {
        return Begun::Answered(Err(budget_spent(budget)));
    }
    let began = Instant::now();
    let deadline = budget.and_then(|budget| began.into_std().checked_add(budget));
    let mut scope = scope(deadline);
    // A future that panicked is never polled again, so nobody sees it half done.
    let begun = scope.enter(|| {
        catch(|| {
            let mut reply = handler(call);
            match reply.as_mut().poll(cx) {
                Poll::Ready(outcome) => Ok(outcome),
                Poll::Pending => Err(Contained::new(reply)),
            }
        })
    });
    match begun {
        Ok(Ok(outcome)) => Begun::Answered(scope.span.note(outcome)),
        Ok(Err(reply)) => Begun::Running(Running { reply, scope, began }),
        Err(panic) => Begun::Answered(scope.span.note(Err(Problem::panicked(panic)))),
    }
}

/// Waits until a handler answers or panics, its caller's budget is spent while no debugger
/// holds the process, or the time for a stop is over. Dropping the future drops the handler.
///
/// # Errors
/// The problem that the call is answered with.
pub(super) async fn finish(
    running: Running,
    budget: Option<Duration>,
    lifecycle: &Lifecycle,
) -> Result<Reply, Problem> {
    let Running { reply, scope, began } = running;
    let span = scope.span.clone();
    let handler = async {
        let outcome = catch_panic(scope.run(reply)).await;
        outcome.unwrap_or_else(|panic| Err(Problem::panicked(panic)))
    };
    let handler = async {
        let Some(budget) = budget else { return handler.await };
        unless_spent(budget, budget.saturating_sub(began.elapsed()), pin!(handler)).await
    };
    span.note(match select(handler, lifecycle.reached(Phase::CuttingOff)).await {
        Either::Left(outcome) => outcome,
        Either::Right(()) => Err(Problem::new(
            ProblemKind::CutOff,
            "the plugin is stopping, and the call did not finish within the grace period",
        )),
    })
}

/// Waits for an outcome for as long as the caller's budget allows. A budget of zero is spent
/// before anything begins.
///
/// # Errors
/// The problem of the outcome, or that the budget is spent.
pub(super) async fn within_budget<T: Send>(
    budget: Option<Duration>,
    outcome: impl Future<Output = Result<T, Problem>> + Send,
) -> Result<T, Problem> {
    let Some(budget) = budget else { return outcome.await };
    if budget.is_zero() {
        return Err(budget_spent(budget));
    }
    let mut outcome = pin!(outcome);
    // Most are ready at once, and need neither a timer nor the clock.
    if let Poll::Ready(outcome) = with_context(|cx| outcome.as_mut().poll(cx)).await {
        return outcome;
    }
    unless_spent(budget, budget, outcome).await
}

/// Waits for an outcome for as long as is left of the caller's budget, and on while a debugger holds this
/// process: the host waits as well.
async fn unless_spent<T>(
    budget: Duration,
    mut left: Duration,
    mut outcome: Pin<&mut impl Future<Output = Result<T, Problem>>>,
) -> Result<T, Problem> {
    let mut was_held = false;
    loop {
        if let Ok(outcome) = timeout(left, outcome.as_mut()).await {
            return outcome;
        }
        if !Debuggee::this_process().is_excused(&mut was_held) {
            return Err(budget_spent(budget));
        }
        left = HELD_WAIT;
    }
}

pub(super) fn budget_spent(budget: Duration) -> Problem {
    let detail = format!("the caller's budget of {budget:?} is spent");
    Problem::new(ProblemKind::DeadlineExceeded, detail)
}

/// A future of users' code whose drop does not panic, whenever that comes.
struct Contained<F>(Option<F>);

impl<F> Contained<F> {
    fn new(future: F) -> Self {
        Self(Some(future))
    }
}

impl<F: Future + Unpin> Future for Contained<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        match &mut self.0 {
            Some(future) => Pin::new(future).poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        // Nobody waits for its result any more. The panic hook has reported it.
        drop(catch(|| self.0 = None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_drop_that_panics_is_contained() {
        struct Grenade;
        impl Drop for Grenade {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        let grenade = Grenade;
        drop(Contained::new(Box::pin(async move { drop(grenade) })));
        assert_eq!(Contained::new(Box::pin(async { 7 })).await, 7);
    }
}
