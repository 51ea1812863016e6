//! How long items that are always ready are taken without a pause.

use std::time::Instant;

use crate::limits;

/// How many items are taken between two looks at the clock.
const ITEMS: u32 = 16;

/// The items that are taken in one poll.
#[derive(Debug, Default)]
pub(in crate::typed) struct Turn {
    items: u32,
    /// When the clock was looked at for the first time.
    began: Option<Instant>,
}

impl Turn {
    /// Counts an item. Returns whether others have to get a turn first, and what has been taken has to
    /// be sent: after [`limits::STREAM_SLICE`].
    pub(in crate::typed) fn is_over(&mut self) -> bool {
        self.items += 1;
        if !self.items.is_multiple_of(ITEMS) {
            return false;
        }
        self.began.get_or_insert_with(Instant::now).elapsed() >= limits::STREAM_SLICE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_however_slowly_its_items_are_made() {
        let mut turn = Turn::default();
        let taken = std::iter::repeat_with(|| {
            std::thread::sleep(limits::STREAM_SLICE / 8);
            turn.is_over()
        });
        assert!(taken.take(2 * ITEMS as usize).any(|is_over| is_over));
    }
}
