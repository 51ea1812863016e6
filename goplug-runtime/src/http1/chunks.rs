//! Writing a body in chunks.

/// What follows the data of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// What follows the last chunk.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends the line that comes before the data of a chunk.
pub fn write_chunk_size(out: &mut Vec<u8>, size: usize) {
    for place in (0..hex_digits(size as u64)).rev() {
        out.push(b"0123456789abcdef"[size >> (4 * place) & 0xf]);
    }
    out.extend_from_slice(CHUNK_END);
}

/// How many digits the size of a chunk has.
pub(super) fn hex_digits(size: u64) -> usize {
    (u64::BITS - size.leading_zeros()).div_ceil(4).max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_hexadecimal() {
        for size in [0, 1, 0xf, 0x10, 0xabc, 0x1_0000, usize::MAX] {
            let mut out = b"before ".to_vec();
            write_chunk_size(&mut out, size);
            assert_eq!(String::from_utf8(out).unwrap(), format!("before {size:x}\r\n"));
        }
    }
}
