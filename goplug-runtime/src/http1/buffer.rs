//! What has been read and not yet understood.

use std::io;

use super::invalid;

/// Enough for most messages in one read.
const INITIAL: usize = 8 << 10;

/// Bytes between a connection and whoever makes sense of them.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// The first ones are done with.
    start: usize,
}

impl Buffer {
    /// One for so many bytes at a time; it grows where a message needs that.
    #[cfg(feature = "host")]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), start: 0 }
    }

    /// The bytes that are here.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Drops the first of them.
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Puts these behind what is here.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves as many bytes as are here, and no more than `count`, behind the target's.
    pub fn move_to(&mut self, target: &mut Vec<u8>, count: usize) {
        let count = self.filled().len().min(count);
        target.extend_from_slice(&self.filled()[..count]);
        self.consume(count);
    }

    /// Where more is to be appended, as far as its capacity reaches, which is further than it
    /// is filled.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) where there are `limit` bytes already.
    pub fn room(&mut self, limit: usize) -> io::Result<&mut Vec<u8>> {
        if self.filled().len() >= limit {
            return Err(invalid(format!("more than {limit} bytes where there should be fewer")));
        }
        if self.bytes.len() == self.bytes.capacity() {
            self.bytes.drain(..self.start);
            self.start = 0;
            if self.bytes.len() == self.bytes.capacity() {
                self.bytes.reserve(self.bytes.len().max(INITIAL));
            }
        }
        Ok(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_in_order_however_much_it_is() {
        let bytes: Vec<u8> = (0_u8..=255).cycle().take(3 * INITIAL).collect();
        let mut buffer = Buffer::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(1000) {
            for byte in piece {
                let room = buffer.room(usize::MAX).unwrap();
                assert!(room.capacity() > room.len());
                room.push(*byte);
            }
            buffer.move_to(&mut out, 700);
        }
        buffer.move_to(&mut out, usize::MAX);
        assert_eq!(out, bytes);
        assert!(buffer.filled().is_empty());
    }

    #[test]
    fn a_full_buffer_takes_no_more() {
        let mut buffer = Buffer::default();
        buffer.put(b"12345");
        assert!(buffer.room(6).is_ok());
        assert_eq!(buffer.room(5).unwrap_err().kind(), io::ErrorKind::InvalidData);
        buffer.consume(1);
        assert!(buffer.room(5).is_ok());
    }
}
