//! What a text shows of a schema: it may have any size.

use std::fmt::Display;

use crate::protocol::cut::cut;

/// The most that is shown of one value or name, in bytes.
const LONGEST: usize = 64;

/// The most values or names of a list that are shown.
const MOST: usize = 8;

/// The text of a value or name, or its beginning.
pub(super) fn shown(text: impl Display) -> String {
    cut(text, LONGEST)
}

/// The texts of a list, with a word between each two.
pub(super) fn list<T: Display>(all: impl ExactSizeIterator<Item = T>, between: &str) -> String {
    let more = all.len().saturating_sub(MOST);
    let mut texts: Vec<_> = all.take(MOST).map(shown).collect();
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    texts.join(between)
}
