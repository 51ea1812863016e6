//! Bytes that have been read from a connection and not yet parsed.

use std::io;

use super::invalid;

/// The first capacity, in bytes: enough for most messages in one read.
const INITIAL: usize = 8 << 10;

/// Bytes on their way from a connection to a parser.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// The bytes before this index have been consumed.
    start: usize,
}

impl Buffer {
    /// A buffer of this capacity, in bytes. It grows if a message needs more.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), start: 0 }
    }

    /// The bytes that have not been consumed.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Drops the first `count` bytes, or all bytes if there are fewer.
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Appends bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves the first `count` bytes, or all bytes if there are fewer, to the end of `target`.
    pub fn move_to(&mut self, target: &mut Vec<u8>, count: usize) {
        let count = self.filled().len().min(count);
        target.extend_from_slice(&self.filled()[..count]);
        self.consume(count);
    }

    /// The vector to which the next bytes are to be appended, without growing it. It has spare
    /// capacity.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the buffer holds `limit` bytes already.
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
    fn bytes_come_out_in_order_and_the_buffer_grows() {
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
    fn a_buffer_gives_no_room_beyond_its_limit() {
        let mut buffer = Buffer::default();
        buffer.put(b"12345");
        assert!(buffer.room(6).is_ok());
        assert_eq!(buffer.room(5).unwrap_err().kind(), io::ErrorKind::InvalidData);
        buffer.consume(1);
        assert!(buffer.room(5).is_ok());
    }
}
