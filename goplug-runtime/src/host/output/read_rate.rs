//! How fast the output of a plugin is read, so that a plugin in a loop does not cost its host a processor.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::limits;

/// How much a line costs for each KiB that it has begun.
const COST: Duration = Duration::from_nanos(1_000_000_000 / limits::OUTPUT_RATE as u64);

/// What lines may cost that come at once.
const BURST: Duration = Duration::from_secs(1);

/// How long to wait at a time: the process may end meanwhile.
const STEP: Duration = Duration::from_millis(10);

/// How fast one pipe is read.
pub(super) struct ReadRate {
    /// When all that was read is paid for.
    balanced_at: Instant,
}

impl ReadRate {
    pub(super) fn new(now: Instant) -> Self {
        Self { balanced_at: now }
    }

    /// Counts a line of this many bytes. Returns how long to wait before the next one is read.
    fn count(&mut self, bytes: usize, now: Instant) -> Duration {
        let kib = u32::try_from(1 + bytes / 1024).unwrap_or(u32::MAX);
        self.balanced_at = self.balanced_at.max(now) + COST.saturating_mul(kib);
        self.balanced_at.saturating_duration_since(now + BURST)
    }

    /// Counts a line, and waits until the next one may be read; no longer than until the process has ended,
    /// since its last lines say why.
    pub(super) async fn keep(&mut self, bytes: usize, has_ended: &AtomicBool) {
        let mut left = self.count(bytes, Instant::now());
        while !left.is_zero() && !has_ended.load(Ordering::Relaxed) {
            let step = left.min(STEP);
            sleep(step).await;
            left -= step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_read_at_a_bounded_rate_and_a_burst_at_once() {
        let now = Instant::now();
        let mut rate = ReadRate::new(now);
        for _ in 0..limits::OUTPUT_RATE {
            assert_eq!(rate.count(1, now), Duration::ZERO);
        }
        let wait = (0..limits::OUTPUT_RATE).map(|_| rate.count(1, now)).last().unwrap();
        assert!(wait > Duration::from_millis(990) && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(rate.count(1, now + 3 * BURST), Duration::ZERO);
    }

    #[test]
    fn a_long_line_costs_more() {
        let now = Instant::now();
        let mut rate = ReadRate::new(now);
        let lines = (0..).take_while(|_| rate.count((64 << 10) - 1, now).is_zero()).count();
        assert_eq!(lines, limits::OUTPUT_RATE as usize / 64);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_ended_is_read_at_once() {
        let began = Instant::now();
        let mut rate = ReadRate::new(began);
        for _ in 0..10 {
            rate.keep(1 << 24, &AtomicBool::new(true)).await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        rate.keep(1, &AtomicBool::new(false)).await;
        assert!(began.elapsed() > BURST);
    }
}
