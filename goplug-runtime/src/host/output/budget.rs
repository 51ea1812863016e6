//! How much a plugin may add to the log of its host, so that a plugin in a loop fills neither the
//! host's disk nor its log, in which other plugins have something to say.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

/// How much a line costs for each KiB that it has begun.
const COST: Duration = Duration::from_nanos(1_000_000_000 / limits::LOG_RATE as u64);

/// What lines may cost that come at once.
const BURST: Duration = COST.saturating_mul(limits::LOG_BURST);

/// The part of [`BURST`] that is for warnings and errors.
const RESERVE: Duration = COST.saturating_mul(limits::LOG_BURST / 4);

/// The lines that a process may still add to the log. It earns them with time.
#[derive(Debug)]
pub(super) struct Budget {
    /// When all that was spent is earned.
    balanced_at: Instant,
    left_out: u64,
    /// When to say how many lines were left out, if some were.
    report_at: Option<Instant>,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { balanced_at: now, left_out: 0, report_at: None }
    }

    /// Spends a line of this many bytes. Returns false if there is not enough left: the line is counted
    /// and left out. What is important may use all of the budget.
    pub(super) fn spend(&mut self, bytes: usize, is_important: bool, now: Instant) -> bool {
        let kib = u32::try_from(1 + bytes / 1024).unwrap_or(u32::MAX);
        let balanced_at = self.balanced_at.max(now) + COST.saturating_mul(kib);
        let bound = if is_important { BURST } else { BURST - RESERVE };
        let is_enough = balanced_at <= now + bound;
        if is_enough {
            self.balanced_at = balanced_at;
        } else {
            self.left_out += 1;
            self.report_at.get_or_insert(now + limits::LOG_LEFT_OUT);
        }
        is_enough
    }

    /// When to call [`take_left_out`](Self::take_left_out); `None` if nothing was left out.
    pub(super) fn report_at(&self) -> Option<Instant> {
        self.report_at
    }

    /// How many lines were left out, if it is time to say it; counts from 0 again then.
    pub(super) fn take_left_out(&mut self, now: Instant) -> Option<u64> {
        self.report_at.take_if(|at| *at <= now).map(|_| std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(budget: &mut Budget, count: u32, is_important: bool, now: Instant) -> u32 {
        (0..count).map(|_| u32::from(budget.spend(1, is_important, now))).sum()
    }

    #[test]
    fn a_flood_is_bounded_and_a_part_is_for_errors() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let count = 2 * limits::LOG_BURST;
        assert_eq!(spent(&mut budget, count, false, now), limits::LOG_BURST / 4 * 3);
        assert_eq!(spent(&mut budget, count, true, now), limits::LOG_BURST / 4);
        let later = now + limits::LOG_LEFT_OUT;
        assert_eq!(spent(&mut budget, count, true, later), limits::LOG_RATE);
    }

    #[test]
    fn what_is_left_out_is_counted_and_said_once_a_second() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let spent = spent(&mut budget, 2 * limits::LOG_BURST, false, now);
        let (at, left_out) = (budget.report_at().unwrap(), 2 * limits::LOG_BURST - spent);
        assert_eq!(budget.take_left_out(now), None);
        assert_eq!(budget.take_left_out(at), Some(left_out.into()));
        assert_eq!((budget.report_at(), budget.take_left_out(at)), (None, None));
    }

    #[test]
    fn a_long_line_costs_more() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let long = limits::MAX_LOG_RECORD - 1;
        let lines = (0..limits::LOG_BURST).filter(|_| budget.spend(long, true, now)).count();
        assert_eq!(lines, limits::LOG_BURST as usize / 64);
    }
}
