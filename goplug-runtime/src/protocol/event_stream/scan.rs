//! Searching event data for line ends and for bytes that are not printable ASCII.
//!
//! Most data is short and printable. Eight bytes at a time are enough to see that, and it answers
//! two questions at once: where the line ends, and whether it is valid UTF-8.

/// How many bytes are searched eight at a time. For longer data memchr's search, which uses the
/// processor's vector registers, is faster.
const MAX_PREFIX: usize = 64;

/// What comes before the data of an item.
pub(super) const ITEM: &[u8] = b"event: item\ndata: ";

/// The end of the last line of data, and the empty line after it.
pub(super) const EVENT_END: &[u8] = b"\n\n";

const ONE_IN_EACH_BYTE: u64 = u64::from_ne_bytes([1; 8]);

/// The length of the printable ASCII at the start, at most [`MAX_PREFIX`] bytes: there may be more.
#[inline]
pub(super) fn printable_prefix(bytes: &[u8]) -> usize {
    let bytes = &bytes[..bytes.len().min(MAX_PREFIX)];
    let mut count = 0;
    while let Some(word) = bytes[count..].first_chunk() {
        match mark_others(*word) {
            0 => count += 8,
            marks => return count + first_marked(marks),
        }
    }
    if let Some(word) = bytes.last_chunk() {
        // Some of these have been searched already, and are printable.
        match mark_others(*word) {
            0 => bytes.len(),
            marks => bytes.len() - 8 + first_marked(marks),
        }
    } else {
        bytes.iter().take_while(|byte| (b' '..0x80).contains(*byte)).count()
    }
}

/// Sets the highest bit of each byte that is below a space or beyond ASCII. Bytes after a byte below
/// a space may be marked as well.
#[inline]
fn mark_others(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    (word.wrapping_sub(ONE_IN_EACH_BYTE * 0x20) | word) & (ONE_IN_EACH_BYTE * 0x80)
}

/// The index of the first marked byte.
#[inline]
fn first_marked(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The index of the first line end.
#[inline]
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// The length of the line of data at the start, if it is complete, valid UTF-8, and followed by an
/// empty line.
#[inline]
pub(super) fn only_line(input: &[u8]) -> Option<usize> {
    let mut end = printable_prefix(input);
    if input.get(end) != Some(&b'\n') {
        end += line_end(&input[end..])?;
        std::str::from_utf8(&input[..end]).ok()?;
    }
    input[end..].starts_with(EVENT_END).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_other_byte_is_found_at_every_position() {
        for length in 0..30 {
            let mut bytes = vec![b'~'; length];
            assert_eq!(printable_prefix(&bytes), length);
            for at in (0..length).rev() {
                for other in [b'\n', b'\r', 0, 0x1f, 0x80, 0xff] {
                    bytes[at] = other;
                    assert_eq!(printable_prefix(&bytes), at, "{bytes:?}");
                }
            }
        }
        assert_eq!(printable_prefix(b" 09azAZ{\"}:,\x7f"), 13);
    }

    #[test]
    fn no_more_than_the_maximum_is_searched() {
        assert_eq!(printable_prefix(&[b'x'; 1000]), MAX_PREFIX);
    }
}
