//! A path as the source spells it.

use std::fmt;

/// A path in a source file, not yet resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Whether it starts with `::`, and so with the name of another crate.
    pub absolute: bool,
    /// Its names, without generic arguments.
    pub segments: Vec<String>,
    /// The line of its last name, from 1.
    pub line: usize,
}

impl Written {
    /// Whether it starts with `start`. If the last segment of `start` begins in upper case, it may
    /// be the start of a longer name.
    pub fn starts_with(&self, start: &str) -> bool {
        let start: Vec<&str> = start.split("::").collect();
        let Some((last, whole)) = start.split_last() else { return false };
        let Some(segments) = self.segments.get(..start.len()) else { return false };
        let partial = last.starts_with(char::is_uppercase);
        let end = &segments[whole.len()];
        segments[..whole.len()] == *whole && (end == last || partial && end.starts_with(last))
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = if self.absolute { "::" } else { "" };
        write!(f, "{start}{}", self.segments.join("::"))
    }
}
