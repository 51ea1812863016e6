//! What is done, and how long it took, for people.

use std::time::{Duration, Instant};

use crate::output::Output;

/// A step that has begun.
pub(super) struct Step<'a> {
    output: &'a Output,
    began: Instant,
}

impl<'a> Step<'a> {
    pub(super) fn begin(output: &'a Output) -> Self {
        Self { output, began: Instant::now() }
    }

    /// Says that it is done, and how long it took.
    pub(super) fn end(self, what: &str) {
        self.output.note(&format!("dev: {what} in {}", shown(self.began.elapsed())));
    }

    /// Says that it has failed.
    pub(super) fn fail(self, what: &str) {
        self.output.note(&format!("dev: {what} after {}", shown(self.began.elapsed())));
    }
}

/// A time as people read it.
fn shown(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_unit_that_suits_it() {
        assert_eq!(shown(Duration::from_micros(31_900)), "31 ms");
        assert_eq!(shown(Duration::from_millis(1240)), "1.2 s");
    }
}
