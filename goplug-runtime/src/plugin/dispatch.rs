//! From a method's name to its handler's answer.
//!
//! A handler runs inside the future that serves its request: a caller that goes away
//! drops the connection's future, and with it the handler. Nothing is spawned, so
//! nothing has to be cancelled.

use std::time::Duration;

use super::lifecycle::{Lifecycle, Phase};
use super::race::{self, First, catch_panic, first};
use crate::protocol::{Problem, ProblemKind};
use crate::typed::{Call, Context, Handler, Reply};

/// The methods of one plugin, in the order of their names: there are so few that looking one
/// up costs less so than by a hash.
pub(super) struct Dispatch {
    handlers: Box<[(String, Handler)]>,
}

impl Dispatch {
    /// The table of these methods, whose names differ.
    pub(super) fn new(methods: impl IntoIterator<Item = (String, Handler)>) -> Self {
        let mut handlers: Box<[_]> = methods.into_iter().collect();
        handlers.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self { handlers }
    }

    /// The handler of this method.
    pub(super) fn find(&self, method: &str) -> Option<&Handler> {
        let at = self.handlers.binary_search_by(|(name, _)| (**name).cmp(method)).ok()?;
        Some(&self.handlers[at].1)
    }
}

/// Runs a handler until it answers, panics, has spent its budget, or the grace period
/// of a stop is over. Dropping the future drops the handler.
pub(super) async fn run(
    handler: &Handler,
    call: Call,
    budget: Option<Duration>,
    context: Option<&Context>,
    lifecycle: &Lifecycle,
) -> Result<Reply, Problem> {
    let handler = async {
        let answer = async { handler(call).await };
        let answered = match context {
            Some(context) => catch_panic(context.clone().scope(answer)).await,
            None => catch_panic(answer).await,
        };
        answered.unwrap_or_else(|panic| Err(Problem::new(ProblemKind::HandlerPanicked, panic)))
    };
    match first(within(budget, handler), lifecycle.reached(Phase::Cut)).await {
        First::Left(answer) => answer,
        First::Right(()) => Err(Problem::new(
            ProblemKind::CutOff,
            "the plugin is stopping, and the call did not finish within the grace period",
        )),
    }
}

/// Bounds an answer by the caller's budget; one of zero is spent before it begins.
pub(super) async fn within<T>(
    budget: Option<Duration>,
    answer: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let Some(budget) = budget else { return answer.await };
    let spent = || {
        let detail = format!("the caller's budget of {budget:?} is spent");
        Problem::new(ProblemKind::DeadlineExceeded, detail)
    };
    if budget.is_zero() {
        return Err(spent());
    }
    race::within(budget, answer).await.unwrap_or_else(|| Err(spent()))
}
