//! What a text shows of a schema: it may have any size.

use std::fmt::{self, Display, Write};

/// The most that is shown of one value or name, in bytes.
const LONGEST: usize = 64;

/// The most values or names of a list that are shown.
const MOST: usize = 8;

/// The text of a value or name, or its beginning.
pub(super) fn shown(text: impl Display) -> String {
    let mut start = Start(String::new());
    // Fails where the text is cut.
    let _ = write!(start, "{text}");
    start.0
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

struct Start(String);

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let rest = LONGEST.saturating_sub(self.0.len());
        if text.len() <= rest {
            self.0.push_str(text);
            return Ok(());
        }
        let end = (0..=rest).rev().find(|end| text.is_char_boundary(*end));
        self.0.push_str(&text[..end.unwrap_or(0)]);
        self.0.push('…');
        Err(fmt::Error)
    }
}
