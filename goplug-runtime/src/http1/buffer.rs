//! Bytes that have been read from a connection and not yet parsed.

use std::io;

use bytes::{Buf, Bytes};

use super::{FLATTEN_LIMIT, invalid};
use crate::memory::Spare;

/// The first capacity, in bytes: enough for most messages in one read.
const INITIAL: usize = 8 << 10;

/// Bytes on their way from a connection to a parser.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// The bytes before this index have been consumed.
    start: usize,
    spare: Spare,
}

impl Buffer {
    /// A buffer of this capacity, in bytes. It grows if a message needs more.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), ..Self::default() }
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

    /// Takes the first `count` bytes, or all bytes if there are fewer. Many bytes are not copied, but
    /// leave with the memory that they are in.
    pub fn take(&mut self, count: usize) -> Bytes {
        let end = self.start.saturating_add(count).min(self.bytes.len());
        let taken = self.start..end;
        if taken.len() < FLATTEN_LIMIT || self.bytes.len() - end > FLATTEN_LIMIT {
            let bytes = Bytes::copy_from_slice(&self.bytes[taken]);
            self.consume(bytes.len());
            return bytes;
        }
        let mut rest = self.spare.vec(self.bytes.capacity());
        rest.extend_from_slice(&self.bytes[end..]);
        let mut bytes = std::mem::replace(&mut self.bytes, rest);
        self.start = 0;
        bytes.truncate(end);
        let mut bytes = self.spare.give(bytes);
        bytes.advance(taken.start);
        bytes
    }

    /// Sets the capacity of an empty buffer, or raises that of another, to this many bytes.
    pub fn set_capacity(&mut self, capacity: usize) {
        if self.bytes.is_empty() {
            self.bytes = Vec::with_capacity(capacity);
        } else {
            self.bytes.reserve(capacity.saturating_sub(self.bytes.len()));
        }
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
    fn what_is_taken_is_the_first_bytes_and_much_of_it_is_not_copied() {
        for (count, after) in [(3, 5), (FLATTEN_LIMIT, 5), (FLATTEN_LIMIT, 2 * FLATTEN_LIMIT)] {
            let bytes: Vec<u8> = (0_u8..=250).cycle().take(7 + count + after).collect();
            let mut buffer = Buffer::default();
            buffer.put(&bytes);
            buffer.consume(7);
            let at = buffer.filled().as_ptr();
            let taken = buffer.take(count);
            assert_eq!(taken, bytes[7..7 + count]);
            assert_eq!(taken.as_ptr() == at, count == FLATTEN_LIMIT && after == 5);
            assert_eq!(buffer.filled(), &bytes[7 + count..]);
            assert_eq!(buffer.take(usize::MAX), bytes[7 + count..]);
        }
    }

    #[test]
    fn memory_that_has_left_is_used_again_once_nobody_has_it() {
        let mut buffer = Buffer::with_capacity(2 * FLATTEN_LIMIT);
        let mut seen = Vec::new();
        for _ in 0..6 {
            buffer.put(&[7; FLATTEN_LIMIT]);
            seen.push(buffer.take(FLATTEN_LIMIT).as_ptr());
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 2);
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
