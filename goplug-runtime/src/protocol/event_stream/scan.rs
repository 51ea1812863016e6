//! Looking through data.
//!
//! Most of it is short and of letters, digits and signs alone: that shows eight bytes at a
//! time, and answers two questions at once, where the line ends and whether it is text.

/// Further than this it is not looked for them: a search through much is better left to those
/// who have the processor's wide registers for it.
const MOST: usize = 64;

const EACH: u64 = u64::from_ne_bytes([1; 8]);

/// How many bytes at the start are printable ASCII; it may be more than that.
#[inline]
pub(super) fn printable(bytes: &[u8]) -> usize {
    let bytes = &bytes[..bytes.len().min(MOST)];
    let mut count = 0;
    while let Some(word) = bytes[count..].first_chunk() {
        match others(*word) {
            0 => count += 8,
            found => return count + place(found),
        }
    }
    if let Some(word) = bytes.last_chunk() {
        // Of these, some have been looked at, and are printable.
        match others(*word) {
            0 => bytes.len(),
            found => bytes.len() - 8 + place(found),
        }
    } else {
        bytes.iter().take_while(|byte| (b' '..0x80).contains(*byte)).count()
    }
}

/// Sets the highest bit of a byte that is below a space or beyond ASCII. A byte below a space may
/// have it set in those behind it as well.
#[inline]
fn others(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    (word.wrapping_sub(EACH * 0x20) | word) & (EACH * 0x80)
}

/// Which byte is the first that has its highest bit set.
#[inline]
fn place(found: u64) -> usize {
    (found.trailing_zeros() / 8) as usize
}

/// Where the first line ends, if it does.
#[inline]
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_other_byte_is_found_wherever_it_is() {
        for length in 0..30 {
            let mut bytes = vec![b'~'; length];
            assert_eq!(printable(&bytes), length);
            for at in (0..length).rev() {
                for other in [b'\n', b'\r', 0, 0x1f, 0x80, 0xff] {
                    bytes[at] = other;
                    assert_eq!(printable(&bytes), at, "{bytes:?}");
                }
            }
        }
        assert_eq!(printable(b" 09azAZ{\"}:,\x7f"), 13);
    }

    #[test]
    fn it_is_not_looked_for_ever() {
        assert_eq!(printable(&[b'x'; 1000]), MOST);
    }
}
