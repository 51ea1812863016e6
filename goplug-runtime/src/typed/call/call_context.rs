//! A call, as its method can ask about it.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

#[cfg(any(feature = "host", feature = "plugin"))]
use crate::limits;
use crate::protocol::Traceparent;
use crate::typed::declare::check::ContextType;

/// What a call hands down to everything that is done within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inherited {
    /// When the caller gives up; `None` if it has not said.
    pub deadline: Option<Instant>,
    /// The caller's place in a distributed trace.
    pub traceparent: Option<Traceparent>,
}

impl Inherited {
    /// How long something may take that would take `limit` at most: that, or what the call has left.
    pub fn at_most(&self, limit: Duration) -> Duration {
        self.remaining().map_or(limit, |left| left.min(limit))
    }

    /// How long a call within this one may take that would take `limit` at most: a little less than
    /// what this one has left, so that its own error is known before this one ends.
    #[cfg(any(feature = "host", feature = "plugin"))]
    #[cfg_attr(not(feature = "plugin"), allow(dead_code, reason = "plugins call services"))]
    pub(crate) fn for_nested(&self, limit: Duration) -> Duration {
        self.remaining().map_or(limit, |left| {
            let reserve = limits::NESTED_RESERVE.min(left / limits::NESTED_RESERVE_PART);
            (left - reserve).min(limit)
        })
    }

    /// What the call has left; zero after its deadline.
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }
}

/// The call that a method answers: how long its caller waits, whether the caller is still there, and
/// the trace that the call is a part of.
///
/// A method takes it as a parameter, `&CallContext` or `CallContext`, at any place. It is no argument:
/// the client does not have it, and it is not sent. Everything else that runs as a part of a call
/// finds it with [`CallContext::current`].
///
/// ```
/// # use std::time::Duration;
/// # #[goplug::plugin]
/// # pub struct Search;
/// /// Looks for as long as the caller waits, and returns what it has found by then.
/// #[goplug::method(Search, blocking)]
/// pub fn find(text: String, call: &goplug::CallContext) -> Vec<String> {
///     let mut found = Vec::new();
///     while !call.is_cancelled() && found.len() < 10 {
///         // …
/// #       found.push(text.clone());
///         if call.remaining().is_some_and(|left| left < Duration::from_millis(100)) {
///             break;
///         }
///     }
///     found
/// }
/// # fn main() {}
/// ```
///
/// Clones are cheap, and belong to the same call, also in other tasks and threads.
#[derive(Clone)]
pub struct CallContext(Arc<State>);

#[derive(Default)]
struct State {
    inherited: Inherited,
    has_ended: AtomicBool,
    end: Notify,
}

impl CallContext {
    /// The context of a call that hands this down.
    pub(super) fn new(inherited: Inherited) -> Self {
        Self(Arc::new(State { inherited, ..State::default() }))
    }

    /// When the caller gives up. `None` if it has not said, and for a method that returns a stream: a
    /// caller waits for that as long as items come.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.inherited.deadline
    }

    /// What is left until [`CallContext::deadline`]; zero after it.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.0.inherited.remaining()
    }

    /// Whether nobody waits for the result any more: the caller has gone, its time is over, the plugin
    /// is stopping and has cut the call off, or the call has been answered.
    ///
    /// It is for code that cannot be dropped at an `.await`: methods with `blocking`, threads and tasks.
    /// A method that is neither `async` nor `blocking` keeps its connection busy, and learns only that
    /// the time is over.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.has_ended.load(Ordering::Acquire)
            || self.remaining().is_some_and(|left| left.is_zero())
    }

    /// Waits until nobody waits for the result any more, as [`CallContext::is_cancelled`] says. Cancel
    /// safe.
    ///
    /// An `async` method is dropped by then. It is for tasks that the method has spawned.
    pub async fn cancelled(&self) {
        let mut ended = pin!(self.0.end.notified());
        // An end from here on is not missed, even if it comes before the wait.
        ended.as_mut().enable();
        if !self.0.has_ended.load(Ordering::Acquire) {
            ended.await;
        }
    }

    /// The caller's place in a distributed trace, if the call came with one. With the feature
    /// `opentelemetry`, the span of the call itself is the current span of `tracing`.
    #[must_use]
    pub fn traceparent(&self) -> Option<Traceparent> {
        self.0.inherited.traceparent
    }

    pub(super) fn end(&self) {
        self.0.has_ended.store(true, Ordering::Release);
        self.0.end.notify_waiters();
    }
}

impl ContextType for CallContext {}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("remaining", &self.remaining())
            .field("is_cancelled", &self.is_cancelled())
            .field("traceparent", &self.traceparent())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_who_waits_for_the_end_of_a_call_learns_of_it() {
        let context = CallContext::new(Inherited::default());
        let waiting = [context.clone(), context.clone()]
            .map(|context| tokio::spawn(async move { context.cancelled().await }));
        tokio::task::yield_now().await;
        assert!(!context.is_cancelled());
        context.end();
        for waiting in waiting {
            waiting.await.unwrap();
        }
        context.cancelled().await;
        assert!(context.is_cancelled());
    }

    #[test]
    fn a_call_whose_time_is_over_is_cancelled() {
        let inherited = |deadline| Inherited { deadline, traceparent: None };
        let context = CallContext::new(inherited(Some(Instant::now())));
        assert!(context.is_cancelled());
        assert_eq!(context.remaining(), Some(Duration::ZERO));
        let hour = Duration::from_secs(3600);
        let context = CallContext::new(inherited(Some(Instant::now() + hour)));
        assert!(!context.is_cancelled());
        assert!(context.remaining().is_some_and(|left| !left.is_zero() && left <= hour));
        assert_eq!(CallContext::new(inherited(None)).remaining(), None);
    }

    #[test]
    fn a_limit_is_at_most_what_the_call_has_left() {
        let minute = Duration::from_secs(60);
        assert_eq!(Inherited::default().at_most(minute), minute);
        let ending = Inherited { deadline: Some(Instant::now()), traceparent: None };
        assert_eq!(ending.at_most(minute), Duration::ZERO);
        let later = Some(Instant::now() + 2 * minute);
        assert_eq!(Inherited { deadline: later, traceparent: None }.at_most(minute), minute);
    }
}
