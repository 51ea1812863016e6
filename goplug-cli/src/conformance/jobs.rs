//! Cases side by side, whose outcomes come in the order of the cases.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::failure::Outcome;

/// What is to be done.
pub(super) struct Job<F> {
    pub(super) work: F,
    /// Whether nothing else may be done meanwhile.
    pub(super) is_alone: bool,
}

/// Does jobs, at most this many at a time, and hands their outcomes over in the order of the jobs, each as soon
/// as those before it are there. All are in the task of the caller: dropping the future drops those that have
/// begun.
///
/// # Errors
///
/// Those of `done`, which end everything.
pub(super) async fn in_order<F: Future>(
    jobs: impl Iterator<Item = Job<F>>,
    at_a_time: NonZeroUsize,
    mut done: impl FnMut(F::Output) -> Outcome<()>,
) -> Outcome<()> {
    let mut jobs = jobs.enumerate().peekable();
    let mut begun: Vec<Begun<F>> = Vec::new();
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    loop {
        while let Some((index, job)) = jobs.next_if(|(_, job)| match begun.first() {
            None => true,
            Some(first) => !first.is_alone && !job.is_alone && begun.len() < at_a_time.get(),
        }) {
            begun.push(Begun { index, is_alone: job.is_alone, work: Box::pin(job.work) });
        }
        if begun.is_empty() {
            return Ok(());
        }
        let (index, outcome) = poll_fn(|cx| first_done(&mut begun, cx)).await;
        waiting.insert(index, outcome);
        while let Some(outcome) = waiting.remove(&next) {
            done(outcome)?;
            next += 1;
        }
    }
}

/// A job that has begun.
struct Begun<F> {
    index: usize,
    is_alone: bool,
    work: Pin<Box<F>>,
}

/// The outcome of a job that is done, which is taken out. There are few jobs at a time: all are polled.
fn first_done<F: Future>(
    begun: &mut Vec<Begun<F>>,
    cx: &mut Context<'_>,
) -> Poll<(usize, F::Output)> {
    for at in 0..begun.len() {
        if let Poll::Ready(outcome) = begun[at].work.as_mut().poll(cx) {
            return Poll::Ready((begun.remove(at).index, outcome));
        }
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use tokio::sync::Semaphore;
    use tokio::task::yield_now;

    use super::*;

    /// Does jobs, those with these numbers alone. Returns the outcomes, and how many were done at a time at the
    /// most, beside an alone one and in all.
    fn does(count: usize, at_a_time: usize, alone: &[usize]) -> (Vec<usize>, usize, usize) {
        let (running, most, beside) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let (running, most, beside) = (&running, &most, &beside);
        let jobs = (0..count).map(|number| {
            let is_alone = alone.contains(&number);
            let work = async move {
                running.set(running.get() + 1);
                // Later ones are done earlier.
                for _ in 0..3 * (count - number) {
                    most.set(running.get().max(most.get()));
                    if is_alone {
                        beside.set(running.get().max(beside.get()));
                    }
                    yield_now().await;
                }
                running.set(running.get() - 1);
                number
            };
            Job { work, is_alone }
        });
        let outcomes = RefCell::new(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let done = |outcome| {
            outcomes.borrow_mut().push(outcome);
            Ok(())
        };
        runtime.block_on(in_order(jobs, NonZeroUsize::new(at_a_time).unwrap(), done)).unwrap();
        (outcomes.into_inner(), most.get(), beside.get())
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_jobs() {
        let order: Vec<_> = (0..9).collect();
        for at_a_time in [1, 2, 4, 9, 100] {
            let (outcomes, most, _) = does(9, at_a_time, &[]);
            assert_eq!(outcomes, order);
            assert_eq!(most, at_a_time.min(9));
        }
    }

    #[test]
    fn nothing_is_done_beside_a_job_that_is_alone() {
        for alone in [&[0][..], &[3, 4], &[8], &[0, 2, 4, 6, 8]] {
            let (outcomes, most, beside) = does(9, 4, alone);
            assert_eq!((outcomes.len(), beside), (9, 1), "{alone:?}");
            assert!(most > 1 || alone.len() > 2, "{alone:?}");
        }
    }

    #[test]
    fn an_outcome_is_handed_over_while_later_jobs_go_on() {
        let gate = Semaphore::new(0);
        let gate = &gate;
        let jobs = (0..2).map(|number| Job {
            // The second is done once the first was handed over.
            work: async move {
                if number == 1 {
                    gate.acquire().await.unwrap().forget();
                }
            },
            is_alone: false,
        });
        let done = |()| {
            gate.add_permits(1);
            Ok(())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(in_order(jobs, NonZeroUsize::new(2).unwrap(), done)).unwrap();
    }
}
