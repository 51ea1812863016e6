//! Texts of any length, cut off at a limit.

use std::fmt::{self, Display, Write};

/// The text, or its beginning of at most this many bytes and `…`. What would follow is not even
/// formatted.
pub(crate) fn cut(text: impl Display, most: usize) -> String {
    let mut beginning = Beginning { text: String::new(), most };
    if write!(beginning, "{text}").is_err() {
        beginning.text.push('…');
    }
    beginning.text
}

struct Beginning {
    text: String,
    most: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most.saturating_sub(self.text.len());
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        let end = (0..=room).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        self.text.push_str(&text[..end]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_off_within_the_limit_and_between_characters() {
        for (most, expected) in [(6, "äöü"), (5, "äö…"), (4, "äö…"), (1, "…"), (0, "…")]
        {
            assert_eq!(cut(format_args!("ä{}", "öü"), most), expected);
        }
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn what_follows_is_not_formatted() {
        struct Endless;
        impl Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("abc")?;
                }
            }
        }
        assert_eq!(cut(Endless, 4), "abca…");
    }
}
