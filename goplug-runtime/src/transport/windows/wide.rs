//! Text as Windows takes it: UTF-16 that ends with a NUL.

use std::ffi::OsStr;
use std::os::windows::ffi::OsStrExt;

/// The text in UTF-16, with a NUL after it. A NUL within the text ends it for Windows.
pub(super) fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_with_a_nul() {
        assert_eq!(wide(""), [0]);
        assert_eq!(wide("a\u{e4}\u{1f600}"), [0x61, 0xe4, 0xd83d, 0xde00, 0]);
    }
}
