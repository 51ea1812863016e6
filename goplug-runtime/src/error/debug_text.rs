//! The `Debug` of an error, as a text for people.
//!
//! `Debug` puts a backslash before each quote and each backslash of a text. A method often fails with the
//! text of an error that it got itself, so texts are within texts, and `Debug` would double the
//! backslashes each time.

use std::fmt::{self, Debug, Display, Write};

/// Displays the `Debug` of its content, with quotes and backslashes as they are. Other characters that
/// `Debug` writes out, such as a line end, stay written out: `\n`.
pub(super) struct DebugText<'a, T>(pub(super) &'a T);

impl<T: Debug> Display for DebugText<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut unescape = Unescape { out: f, is_escape: false };
        write!(unescape, "{:?}", self.0)?;
        unescape.end()
    }
}

/// Writes text on without the backslash before a quote or a backslash.
struct Unescape<'a, W> {
    out: &'a mut W,
    /// Whether a backslash was read last, and is not written yet.
    is_escape: bool,
}

impl<W: Write> Write for Unescape<'_, W> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while let Some(first) = text.chars().next() {
            if self.is_escape {
                self.is_escape = false;
                match first {
                    '\\' | '"' => self.out.write_char(first)?,
                    other => write!(self.out, "\\{other}")?,
                }
                text = &text[first.len_utf8()..];
            } else if let Some((before, after)) = text.split_once('\\') {
                self.out.write_str(before)?;
                self.is_escape = true;
                text = after;
            } else {
                return self.out.write_str(text);
            }
        }
        Ok(())
    }
}

impl<W: Write> Unescape<'_, W> {
    /// Writes the backslash that nothing follows, if there is one.
    fn end(self) -> fmt::Result {
        if self.is_escape { self.out.write_char('\\') } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "it is read by `Debug`")]
    enum Failed {
        Because(String),
        Letters(char, char, &'static [u8]),
    }

    /// The text of an error within so many others.
    fn nested(text: &str, levels: usize) -> String {
        (0..levels).fold(text.to_owned(), |text, _| DebugText(&Failed::Because(text)).to_string())
    }

    #[test]
    fn quotes_and_backslashes_are_as_they_are_however_deep() {
        let text = r#"{"name":"a\"b"} in C:\new\"#;
        assert_eq!(nested(text, 1), format!(r#"Because("{text}")"#));
        assert_eq!(nested(text, 3), format!(r#"Because("Because("Because("{text}")")")"#));
    }

    #[test]
    fn control_characters_are_written_out_once_however_deep() {
        let (text, shown) = ("a\nb\t\0\u{1b}[2J\u{202e}", r"a\nb\t\0\u{1b}[2J\u{202e}");
        assert_eq!(nested(text, 1), format!(r#"Because("{shown}")"#));
        assert_eq!(nested(text, 3), format!(r#"Because("Because("Because("{shown}")")")"#));
    }

    #[test]
    fn what_has_no_backslash_is_that_of_debug() {
        let letters = Failed::Letters('"', 'é', b"bytes");
        assert_eq!(DebugText(&letters).to_string(), format!("{letters:?}"));
        assert_eq!(nested("漢字 👧", 2), r#"Because("Because("漢字 👧")")"#);
    }

    /// Its `Debug` is these pieces.
    struct Chunked(&'static [&'static str]);

    impl Debug for Chunked {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|piece| f.write_str(piece))
        }
    }

    #[test]
    fn a_text_may_come_in_pieces() {
        let shown = |pieces| DebugText(&Chunked(pieces)).to_string();
        assert_eq!(shown(&["a\\", "", "\"b", "\\", "\\", "\\n"]), r#"a"b\\n"#);
        assert_eq!(shown(&["a\\", "é\\"]), r"a\é\");
    }
}
