//! The figures of the trials, and whether each is within its bound.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The bound of a figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints the figures, and counts those whose bound is broken.
pub(crate) struct Report {
    counts_only: bool,
    began: Instant,
    broken: usize,
    measured: usize,
}

impl Report {
    /// A report that judges every figure, or only those that do not depend on the machine's load.
    pub(crate) fn new(counts_only: bool) -> Self {
        Self { counts_only, began: Instant::now(), broken: 0, measured: 0 }
    }

    pub(crate) fn begin(&self, trial: &str) {
        println!("{trial} (after {:.0} s)", self.began.elapsed().as_secs_f64());
    }

    /// Records a count that may be at most `bound`.
    pub(crate) fn at_most(&mut self, what: &str, count: usize, bound: usize) {
        self.record(what, count as f64, "", Bound::AtMost(bound as f64), true);
    }

    /// Records a count that has to be at least `bound`.
    pub(crate) fn at_least(&mut self, what: &str, count: usize, bound: usize) {
        self.record(what, count as f64, "", Bound::AtLeast(bound as f64), true);
    }

    /// Records a time that may be at most `bound`.
    pub(crate) fn time(&mut self, what: &str, time: Duration, bound: Duration) {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        self.record(what, ms(time), " ms", Bound::AtMost(ms(bound)), false);
    }

    /// Records an amount of memory in KiB that may be at most `bound`.
    pub(crate) fn memory(&mut self, what: &str, kib: i64, bound: i64) {
        self.record(what, kib as f64, " KiB", Bound::AtMost(bound as f64), true);
    }

    /// Prints a value that has no bound.
    pub(crate) fn note(&self, what: &str, value: impl fmt::Display) {
        println!("  -      {what:<58} {value:>12}");
    }

    fn record(&mut self, what: &str, value: f64, unit: &str, bound: Bound, is_count: bool) {
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

    /// Records that a trial or an attempt ended in an error.
    pub(crate) fn failed(&mut self, what: &str, error: &anyhow::Error) {
        self.broken += 1;
        println!("  BROKEN {what} did not come to its end: {error:#}");
    }

    /// Prints the summary; the exit status is a failure if any bound is broken.
    pub(crate) fn end(self) -> ExitCode {
        let Self { measured, broken, began, .. } = self;
        let seconds = began.elapsed().as_secs_f64();
        println!("{measured} figures in {seconds:.0} s, {broken} broken");
        if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
