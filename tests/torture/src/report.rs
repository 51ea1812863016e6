//! Figures, and whether they keep within their bounds.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a figure has to keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Everything that was measured so far.
pub(crate) struct Report {
    counts_only: bool,
    began: Instant,
    broken: usize,
    measured: usize,
}

impl Report {
    /// One that judges everything, or only what load cannot break.
    pub(crate) fn new(counts_only: bool) -> Self {
        Self { counts_only, began: Instant::now(), broken: 0, measured: 0 }
    }

    pub(crate) fn begin(&self, trial: &str) {
        println!("{trial} (after {:.0} s)", self.began.elapsed().as_secs_f64());
    }

    /// A number of things, of which there may be at most so many.
    pub(crate) fn at_most(&mut self, what: &str, count: usize, bound: usize) {
        self.enter(what, count as f64, "", Bound::AtMost(bound as f64), true);
    }

    /// A number of things, of which there have to be so many.
    pub(crate) fn at_least(&mut self, what: &str, count: usize, bound: usize) {
        self.enter(what, count as f64, "", Bound::AtLeast(bound as f64), true);
    }

    /// A time, which may be at most so long.
    pub(crate) fn time(&mut self, what: &str, time: Duration, bound: Duration) {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        self.enter(what, ms(time), " ms", Bound::AtMost(ms(bound)), false);
    }

    /// Memory in KiB, of which there may be at most so much.
    pub(crate) fn memory(&mut self, what: &str, kib: i64, bound: i64) {
        self.enter(what, kib as f64, " KiB", Bound::AtMost(bound as f64), true);
    }

    /// Something worth knowing that has no bound.
    pub(crate) fn note(&self, what: &str, value: impl fmt::Display) {
        println!("  -      {what:<58} {value:>12}");
    }

    fn enter(&mut self, what: &str, value: f64, unit: &str, bound: Bound, is_count: bool) {
        let (kept, sign, limit) = match bound {
            Bound::AtMost(limit) => (value <= limit, "at most", limit),
            Bound::AtLeast(limit) => (value >= limit, "at least", limit),
        };
        let judged = is_count || !self.counts_only;
        self.measured += 1;
        self.broken += usize::from(judged && !kept);
        let verdict = match (kept, judged) {
            (true, _) => "ok",
            (false, true) => "BROKEN",
            (false, false) => "slow",
        };
        let places = if is_count { 0 } else { 1 };
        println!("  {verdict:<6} {what:<58} {value:>12.places$}{unit}   {sign} {limit:.0}{unit}");
    }

    /// A trial that did not come to its end.
    pub(crate) fn failed(&mut self, trial: &str, error: &anyhow::Error) {
        self.broken += 1;
        println!("  BROKEN {trial} did not come to its end: {error:#}");
    }

    /// Says how it went.
    pub(crate) fn end(self) -> ExitCode {
        let Self { measured, broken, began, .. } = self;
        let seconds = began.elapsed().as_secs_f64();
        println!("{measured} figures in {seconds:.0} s, {broken} broken");
        if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
