//! Words of which each ends in a zero byte, as kernels have them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The words of a text.
pub(super) fn words(text: &[u8]) -> Vec<OsString> {
    let words = text.split_inclusive(|byte| *byte == 0);
    words.map(|word| OsStr::from_bytes(word.strip_suffix(b"\0").unwrap_or(word)).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_empty() {
        assert_eq!(words(b"a\0\0b c\0"), ["a", "", "b c"]);
        assert_eq!(words(b"cut"), ["cut"]);
        assert_eq!(words(b""), [""; 0]);
    }
}
