//! Text of another process, made safe to show.
//!
//! A terminal obeys control characters, and characters without a glyph hide or reorder what stands
//! beside them. Text that another process, a file or a file's name supplies is therefore shown with
//! these characters written out: `\u{1b}`. To escape a text twice is the same as to escape it once.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// What follows a line end within a text: so the second line of one message cannot be mistaken for
/// a message of its own.
const INDENT: &str = "\n  ";

/// Displays its content on one line; line ends are written out as well.
#[derive(Clone, Copy, Debug)]
pub struct OneLine<T>(pub T);

/// Displays its content with its line ends; each further line is indented.
#[derive(Clone, Copy, Debug)]
pub struct Lines<T>(pub T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape { out: f, line_end: None }, "{}", self.0)
    }
}

impl<T: fmt::Display> fmt::Display for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape { out: f, line_end: Some(INDENT) }, "{}", self.0)
    }
}

/// The text with its hidden characters written out. Line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    // Writing to a string cannot fail.
    let _ = Escape { out: &mut escaped, line_end: Some("\n") }.write_str(text);
    Cow::Owned(escaped)
}

/// Whether a character has no glyph of its own and changes how others are shown: control
/// characters, and those that set the direction of writing, join, separate or tag.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Writes text on with its hidden characters written out.
struct Escape<'a, W> {
    out: &'a mut W,
    /// What is written for a line end; `None` if it is written out.
    line_end: Option<&'static str>,
}

impl<W: Write> Write for Escape<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut written = 0;
        let mut before = None;
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let after = characters.peek().map(|(_, c)| *c);
            let last = before.replace(c);
            if !is_hidden(c) || c == '\t' || joins(last, c, after) {
                continue;
            }
            self.out.write_str(&text[written..at])?;
            written = at + c.len_utf8();
            match (c, self.line_end) {
                ('\n', Some(line_end)) => self.out.write_str(line_end)?,
                ('\r', Some(_)) if after == Some('\n') => {}
                _ => write!(self.out, "{}", c.escape_unicode())?,
            }
        }
        self.out.write_str(&text[written..])
    }
}

/// Whether it is a joiner or non-joiner between two characters of a script, or of an emoji, that
/// needs it.
fn joins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let is_of_script = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_hidden(c));
    matches!(c, '\u{200c}' | '\u{200d}') && is_of_script(before) && is_of_script(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        let text = "\u{1b}[31mred\u{1b}[0m \u{7}bell \u{9b}2J \u{7f} a\0b";
        let shown = "\\u{1b}[31mred\\u{1b}[0m \\u{7}bell \\u{9b}2J \\u{7f} a\\u{0}b";
        assert_eq!(visible(text), shown);
        assert_eq!(visible(shown), shown);
    }

    #[test]
    fn characters_that_hide_or_reorder_others_are_written_out() {
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{200b}d"), "a\\u{202e}b\\u{2066}c\\u{200b}d");
        assert_eq!(visible("\u{feff}a\u{ad}b\u{2028}c"), "\\u{feff}a\\u{ad}b\\u{2028}c");
        assert_eq!(visible("x\u{e0041}"), "x\\u{e0041}");
    }

    #[test]
    fn every_script_is_shown_as_it_is() {
        // Persian with a non-joiner, a family of emoji, combining marks, Hindi with a joiner.
        for text in ["می\u{200c}روم", "👩\u{200d}👧", "é e\u{301} 漢字", "क्\u{200d}ष", "a\tb"]
        {
            assert_eq!(visible(text), text);
        }
        assert_eq!(visible("add\u{200d}"), "add\\u{200d}");
    }

    #[test]
    fn line_ends_stay_lines_or_are_written_out() {
        assert_eq!(visible("a\r\nb\rc\n"), "a\nb\\u{d}c\n");
        assert_eq!(Lines("a\r\nb\nc").to_string(), "a\n  b\n  c");
        assert_eq!(OneLine("a\r\nb").to_string(), "a\\u{d}\\u{a}b");
    }
}
