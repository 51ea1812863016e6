//! How long a request waits while this process lacks the means to connect.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits;
use crate::transport::is_shortage;

/// The first pause before another attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_millis(80);

/// The attempts to connect while descriptors or memory are short. A shortage often passes soon, and
/// a connection that becomes idle meanwhile is as good.
pub(super) struct ShortageRetry {
    until: Instant,
    pause: Duration,
}

impl ShortageRetry {
    /// Attempts for at most [`limits::SHORTAGE_WAIT`], and not beyond the deadline.
    pub(super) fn new(deadline: Instant) -> Self {
        let until = deadline.min(Instant::now() + limits::SHORTAGE_WAIT);
        Self { until, pause: FIRST_PAUSE }
    }

    /// How long to wait before the next attempt after this error; `None` if there is to be none.
    pub(super) fn after(&mut self, error: &io::Error) -> Option<Duration> {
        if !is_shortage(error) {
            return None;
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(MAX_PAUSE);
        (Instant::now() + pause < self.until).then_some(pause)
    }
}
