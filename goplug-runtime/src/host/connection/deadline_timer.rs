//! A timer for the deadlines of many calls, one after the other.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::transport::{Debuggee, HELD_WAIT};

/// Resolves when a deadline has passed.
///
/// A timer that is set too early for the present deadline is left as it is: when it fires, it is
/// set again. So if many calls have the same timeout, only a few of them set the timer.
///
/// No deadline passes while a debugger holds the process that is waited for.
#[derive(Debug, Default)]
pub(super) struct DeadlineTimer {
    timer: Option<Pin<Box<Sleep>>>,
    debuggee: Debuggee,
    /// No deadline passes before this: a debugger held the process when one was about to.
    held_until: Option<Instant>,
    /// Whether it held the process when that was asked last.
    was_held: bool,
}

impl DeadlineTimer {
    /// A timer for what this process answers.
    pub(super) fn new(debuggee: Debuggee) -> Self {
        Self { debuggee, ..Self::default() }
    }

    /// Ready when the deadline has passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, mut deadline: Instant) -> Poll<()> {
        match self.held_until {
            Some(until) if deadline < until => deadline = until,
            // It is the deadline of another call.
            Some(_) => (self.held_until, self.was_held) = (None, false),
            None => {}
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= deadline {
                if !self.debuggee.is_excused(&mut self.was_held) {
                    return Poll::Ready(());
                }
                deadline = Instant::now() + HELD_WAIT;
                self.held_until = Some(deadline);
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_kept_whether_it_is_earlier_or_later_than_the_last() {
        let mut timer = DeadlineTimer::default();
        for (previous, millis) in [(30_000, 30), (5, 700), (9_000, 1), (40, 40)] {
            let (began, at) = (Instant::now(), |millis| Duration::from_millis(millis));
            // A call that ends before its deadline.
            let before = began + at(previous);
            assert!(poll_fn(|cx| Poll::Ready(timer.poll(cx, before))).await.is_pending());
            poll_fn(|cx| timer.poll(cx, began + at(millis))).await;
            let took = began.elapsed();
            assert!(took >= at(millis) && took < at(millis + 2), "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_held_gives_no_time_to_the_next() {
        let mut timer = DeadlineTimer { was_held: true, ..DeadlineTimer::default() };
        let began = Instant::now();
        poll_fn(|cx| timer.poll(cx, began)).await;
        assert!(began.elapsed() >= HELD_WAIT);

        timer.was_held = true;
        timer.held_until = Some(Instant::now() + HELD_WAIT);
        let deadline = Instant::now() + 2 * HELD_WAIT;
        poll_fn(|cx| timer.poll(cx, deadline)).await;
        assert!(deadline.elapsed() < HELD_WAIT);
    }
}
