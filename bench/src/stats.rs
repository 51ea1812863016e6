//! Of many numbers, one.

use std::time::{Duration, Instant};

/// The value below which this share of the values lies; `NaN` where there is none.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = sorted.len().saturating_sub(1) as f64 * share;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// How far the middle half of the values reaches, as a share of their median.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let reach = quantile(values, 0.75) - quantile(values, 0.25);
    if reach == 0.0 { 0.0 } else { reach / median(values) }
}

/// Times one thing after the other, for as long as there is time.
pub(crate) struct Laps {
    began: Instant,
    before: Instant,
    time: Duration,
    micros: Vec<f64>,
}

impl Laps {
    pub(crate) fn begin(time: Duration) -> Self {
        // Large enough not to be moved while the clock runs.
        let micros = Vec::with_capacity(1 << 17);
        let now = Instant::now();
        Self { began: now, before: now, time, micros }
    }

    pub(crate) fn go_on(&self) -> bool {
        self.before.duration_since(self.began) < self.time
    }

    /// The number of the lap that comes next.
    pub(crate) fn number(&self) -> i64 {
        self.micros.len() as i64
    }

    pub(crate) fn lap(&mut self) {
        let now = Instant::now();
        self.micros.push(now.duration_since(self.before).as_secs_f64() * 1e6);
        self.before = now;
    }

    /// The times of all laps, in microseconds.
    pub(crate) fn micros(&self) -> &[f64] {
        &self.micros
    }
}
