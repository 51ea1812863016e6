//! A deadline that is another one for each call, and costs the runtime one timer for many.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// Tells when a deadline is over.
///
/// A timer that rings too early is left as it is: whoever it wakes looks at the deadline, and
/// sets it anew. So of many calls with the same time each, only now and then one sets it.
#[derive(Debug, Default)]
pub(in crate::host) struct DeadlineTimer(Option<Pin<Box<Sleep>>>);

impl DeadlineTimer {
    /// Ready when the deadline is over.
    pub(in crate::host) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= deadline {
                return Poll::Ready(());
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
    async fn each_deadline_is_kept_whether_it_comes_sooner_or_later_than_the_one_before() {
        let mut timer = DeadlineTimer::default();
        for (polled_first, millis) in [(30_000, 30), (5, 700), (9_000, 1), (40, 40)] {
            let (began, at) = (Instant::now(), |millis| Duration::from_millis(millis));
            // A call that is over before its deadline.
            let before = began + at(polled_first);
            assert!(poll_fn(|cx| Poll::Ready(timer.poll(cx, before))).await.is_pending());
            poll_fn(|cx| timer.poll(cx, began + at(millis))).await;
            let took = began.elapsed();
            assert!(took >= at(millis) && took < at(millis + 2), "{took:?}");
        }
    }
}
