//! Times one call after the other.

use std::time::{Duration, Instant};

/// Times consecutive laps until a given time has passed.
pub(super) struct Stopwatch {
    began: Instant,
    last_lap: Instant,
    time: Duration,
    micros: Vec<f64>,
}

impl Stopwatch {
    /// Starts the first lap. The laps together are to take `time`.
    pub(super) fn start(time: Duration) -> Self {
        // Large enough that it is never moved while a lap is timed.
        let micros = Vec::with_capacity(1 << 17);
        let now = Instant::now();
        Self { began: now, last_lap: now, time, micros }
    }

    /// Whether there is time for another lap.
    pub(super) fn has_time(&self) -> bool {
        self.last_lap.duration_since(self.began) < self.time
    }

    /// How many laps have ended.
    pub(super) fn laps(&self) -> i64 {
        self.micros.len() as i64
    }

    /// Ends a lap and starts the next one.
    pub(super) fn lap(&mut self) {
        let now = Instant::now();
        self.micros.push(now.duration_since(self.last_lap).as_secs_f64() * 1e6);
        self.last_lap = now;
    }

    /// The times of all laps, in microseconds.
    pub(super) fn micros(&self) -> &[f64] {
        &self.micros
    }
}
