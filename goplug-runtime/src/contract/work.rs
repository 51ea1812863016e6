//! How much work a comparison may still do.

use std::cell::Cell;

use crate::limits::{CONTRACT_DEPTH, CONTRACT_WORK};

/// How many parts are looked at in one step.
const PARTS: usize = 8;

/// The work that is left. A descriptor comes from another process, and a small one can describe a
/// type of any size.
#[derive(Debug)]
pub(super) struct Work {
    left: Cell<u32>,
}

impl Default for Work {
    fn default() -> Self {
        Self { left: Cell::new(CONTRACT_WORK) }
    }
}

impl Work {
    /// Whether there is work left for one more step at this depth.
    pub(super) fn step(&self, depth: usize) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0 && depth < CONTRACT_DEPTH
    }

    /// Whether there is work left for one step that looks at this many parts. The steps of types that
    /// people write look at few.
    pub(super) fn step_over(&self, parts: usize) -> bool {
        let steps = u32::try_from(1 + parts / PARTS).unwrap_or(u32::MAX);
        let left = self.left.get();
        self.left.set(left.saturating_sub(steps));
        left >= steps
    }
}
