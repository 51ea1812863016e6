//! What has been read and not yet understood.

use std::io::{self, ErrorKind, Read};

/// Enough for most responses in one read.
const INITIAL: usize = 8 << 10;

/// Bytes between a connection and whoever makes sense of them.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes that are here.
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Drops the first of them.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Moves as many bytes as are here and fit; answers with how many.
    pub(super) fn move_to(&mut self, target: &mut [u8]) -> usize {
        let count = self.filled().len().min(target.len());
        target[..count].copy_from_slice(&self.filled()[..count]);
        self.consume(count);
        count
    }

    /// Reads more, once, and holds at most `limit` bytes then.
    ///
    /// # Errors
    /// [`UnexpectedEof`](ErrorKind::UnexpectedEof) at the end,
    /// [`InvalidData`](ErrorKind::InvalidData) where the limit is reached, and those of the
    /// source.
    pub(super) fn fill(&mut self, source: &mut impl Read, limit: usize) -> io::Result<()> {
        if self.end - self.start >= limit {
            let text = format!("more than {limit} bytes where there should be fewer");
            return Err(io::Error::new(ErrorKind::InvalidData, text));
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.bytes.len() {
            self.bytes.resize((self.end * 2).max(INITIAL), 0);
        }
        match source.read(&mut self.bytes[self.end..])? {
            0 => Err(ended()),
            count => {
                self.end += count;
                Ok(())
            }
        }
    }
}

/// The other end has closed the connection too early.
pub(super) fn ended() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "connection closed before the response was complete")
}
