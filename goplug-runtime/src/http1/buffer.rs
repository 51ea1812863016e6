//! What has been read and not yet understood.

use std::io;

use super::invalid;

/// Enough for most messages in one read.
const INITIAL: usize = 8 << 10;

/// Bytes between a connection and whoever makes sense of them.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes that are here.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Drops the first of them.
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Moves as many bytes as are here and fit; answers with how many.
    pub fn move_to(&mut self, target: &mut [u8]) -> usize {
        let count = self.filled().len().min(target.len());
        target[..count].copy_from_slice(&self.filled()[..count]);
        self.consume(count);
        count
    }

    /// Room for more, behind what is here; never empty.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) where there are `limit` bytes already.
    pub fn space(&mut self, limit: usize) -> io::Result<&mut [u8]> {
        if self.end - self.start >= limit {
            return Err(invalid(format!("more than {limit} bytes where there should be fewer")));
        }
        if self.end == self.bytes.len() {
            self.make_room();
        }
        Ok(&mut self.bytes[self.end..])
    }

    /// So many bytes have been read into the [`space`](Buffer::space).
    pub fn advance(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.bytes.len() {
            self.bytes.resize((self.end * 2).max(INITIAL), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buffer: &mut Buffer, bytes: &[u8]) {
        for byte in bytes {
            buffer.space(usize::MAX).unwrap()[0] = *byte;
            buffer.advance(1);
        }
    }

    #[test]
    fn what_is_put_in_comes_out_in_order_however_much_it_is() {
        let bytes: Vec<u8> = (0_u8..=255).cycle().take(3 * INITIAL).collect();
        let mut buffer = Buffer::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(1000) {
            fill(&mut buffer, piece);
            let mut part = [0; 700];
            let moved = buffer.move_to(&mut part);
            out.extend_from_slice(&part[..moved]);
        }
        out.extend_from_slice(buffer.filled());
        assert_eq!(out, bytes);
    }

    #[test]
    fn a_full_buffer_takes_no_more() {
        let mut buffer = Buffer::default();
        fill(&mut buffer, b"12345");
        assert!(buffer.space(6).is_ok());
        assert_eq!(buffer.space(5).unwrap_err().kind(), io::ErrorKind::InvalidData);
        buffer.consume(1);
        assert!(buffer.space(5).is_ok());
    }
}
