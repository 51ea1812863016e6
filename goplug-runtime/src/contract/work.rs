//! How much work a comparison may still do.

use std::cell::Cell;

use crate::limits::{CONTRACT_DEPTH, CONTRACT_WORK};

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
}
