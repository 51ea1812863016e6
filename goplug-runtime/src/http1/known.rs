//! The head that came last, and what it says.

/// The longest head that is remembered, in bytes. Those of calls have about 150.
const LONGEST: usize = 1 << 10;

/// Remembers the last head of a connection: most of them are the same again, and to compare
/// one costs a tenth of what it costs to parse it.
///
/// A head says where it ends. So bytes that begin with a known one have that one as their
/// head, whatever comes behind it.
#[derive(Debug)]
pub struct KnownHead<T> {
    bytes: Vec<u8>,
    meaning: Option<T>,
}

impl<T> Default for KnownHead<T> {
    fn default() -> Self {
        Self { bytes: Vec::new(), meaning: None }
    }
}

impl<T: Copy> KnownHead<T> {
    /// What the head says that these bytes begin with, and how long it is; `None` where it is
    /// another one than the last, or not all here.
    pub fn find(&self, bytes: &[u8]) -> Option<(T, usize)> {
        let meaning = self.meaning?;
        bytes.starts_with(&self.bytes).then_some((meaning, self.bytes.len()))
    }

    /// Whether these bytes are the beginning of the last head, and not yet all of it: more of it
    /// is to be waited for, whatever they turn out to be.
    #[cfg(feature = "plugin")]
    pub fn begins_with(&self, bytes: &[u8]) -> bool {
        self.meaning.is_some() && bytes.len() < self.bytes.len() && self.bytes.starts_with(bytes)
    }

    /// Remembers a head in place of the one before, unless it is too long to be kept.
    pub fn keep(&mut self, head: &[u8], meaning: T) {
        self.meaning = (head.len() <= LONGEST).then_some(meaning);
        if self.meaning.is_some() {
            self.bytes.clear();
            self.bytes.extend_from_slice(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_head_is_known_and_only_where_it_is_whole() {
        let mut known = KnownHead::default();
        assert_eq!(known.find(b""), None);
        assert_eq!(known.find(b"one"), None);
        known.keep(b"one\n", 1);
        assert_eq!(known.find(b"one\nand more"), Some((1, 4)));
        assert_eq!(known.find(b"one"), None);
        assert_eq!(known.find(b"One\n"), None);
        #[cfg(feature = "plugin")]
        for (bytes, expected) in [("", true), ("on", true), ("one\n", false), ("ox", false)] {
            assert_eq!(known.begins_with(bytes.as_bytes()), expected, "{bytes:?}");
        }
        known.keep(b"two\n", 2);
        assert_eq!(known.find(b"one\n"), None);
        assert_eq!(known.find(b"two\n"), Some((2, 4)));
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_nothing_else_is_taken_for_it() {
        let mut known = KnownHead::default();
        known.keep(b"one\n", 1);
        let long = vec![b'x'; LONGEST + 1];
        known.keep(&long, 2);
        assert_eq!(known.find(&long), None);
        assert_eq!(known.find(b"one\n"), None);
    }
}
