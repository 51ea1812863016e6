//! The body of a message: where it ends, and how it is collected into one piece of memory.

use std::io;

use bytes::Bytes;

use super::chunked::{ChunkedState, ChunkedStep, skip};
use super::{Buffer, invalid};

/// Why a message could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// Its body is larger than the limit.
    TooLarge,
    /// The message breaks off, or, if the kind is [`InvalidData`](io::ErrorKind::InvalidData), the
    /// bytes are not an HTTP/1.1 message.
    Broken(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => invalid("the body is too large"),
            ReadError::Broken(error) => error,
        }
    }
}

/// The length of a body, as its sender knows it when it writes the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// The number of bytes.
    Known(u64),
    /// Not known yet: the body comes in chunks.
    Unknown,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// After this number of bytes.
    Length(u64),
    /// After the last of its chunks.
    Chunked,
    /// With the connection.
    Eof,
}

/// The part of a body that the next bytes belong to.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A body of known length.
    Sized,
    /// The framing around chunks.
    Framing(ChunkedState),
    /// The data of a chunk.
    ChunkData,
    /// A body that lasts until the connection ends.
    UntilEof,
}

/// A body that is collected into one piece of memory, however its bytes arrive.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    /// The length that the body will have, as far as it is known already.
    expected: usize,
    limit: usize,
    state: State,
}

impl Body {
    /// A body of this kind with at most `limit` bytes.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] if its length is above the limit.
    pub fn new(kind: BodyKind, limit: usize) -> Result<Self, ReadError> {
        let mut body = Self::chunked(limit);
        match kind {
            BodyKind::Length(length) => {
                body.state = State::Sized;
                body.expect(length)?;
            }
            BodyKind::Chunked => {}
            BodyKind::Eof => body.state = State::UntilEof,
        }
        Ok(body)
    }

    /// A body of at most `limit` bytes that comes in chunks.
    pub fn chunked(limit: usize) -> Self {
        let state = State::Framing(ChunkedState::Size);
        Self { bytes: Vec::new(), expected: 0, limit, state }
    }

    /// Takes the body's bytes out of the buffer. Returns whether the body is complete. After an
    /// error the value must not be used any more.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn take(&mut self, buffer: &mut Buffer) -> Result<bool, ReadError> {
        loop {
            match self.state {
                State::Sized => return Ok(self.fill_from(buffer)),
                State::Framing(mut chunked) => {
                    let step = chunked.take(buffer, skip)?;
                    self.state = State::Framing(chunked);
                    match step {
                        ChunkedStep::More => return Ok(false),
                        ChunkedStep::End => return Ok(true),
                        ChunkedStep::Data(size) => {
                            self.expect(size)?;
                            self.state = State::ChunkData;
                        }
                    }
                }
                State::ChunkData => {
                    if !self.fill_from(buffer) {
                        return Ok(false);
                    }
                    self.state = State::Framing(ChunkedState::DataEnd);
                }
                State::UntilEof => {
                    let rest = buffer.filled();
                    if rest.len() > self.limit - self.bytes.len() {
                        return Err(ReadError::TooLarge);
                    }
                    self.bytes.extend_from_slice(rest);
                    buffer.consume(usize::MAX);
                    return Ok(false);
                }
            }
        }
    }

    /// Where the next bytes are to be appended: mostly to the body itself, so that large ones
    /// are not copied.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the buffer holds more bytes than the framing
    /// of a chunk may have.
    pub fn room<'a>(&'a mut self, buffer: &'a mut Buffer) -> io::Result<&'a mut Vec<u8>> {
        match self.state {
            State::Sized | State::ChunkData => Ok(&mut self.bytes),
            State::Framing(chunked) => buffer.room(chunked.room()),
            State::UntilEof => buffer.room(usize::MAX),
        }
    }

    /// Whether the end of the connection is the end of this body.
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::UntilEof)
    }

    /// The bytes that have arrived.
    pub fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }

    /// Makes room for this many further bytes.
    fn expect(&mut self, count: u64) -> Result<(), ReadError> {
        let count = usize::try_from(count).map_err(|_| ReadError::TooLarge)?;
        if count > self.limit - self.bytes.len() {
            return Err(ReadError::TooLarge);
        }
        self.expected = self.bytes.len() + count;
        self.bytes.reserve_exact(count);
        Ok(())
    }

    /// Moves the expected bytes to the body. Returns whether all of them have arrived.
    fn fill_from(&mut self, buffer: &mut Buffer) -> bool {
        if let Some(missing) = self.expected.checked_sub(self.bytes.len()) {
            buffer.move_to(&mut self.bytes, missing);
        } else {
            // The vector had more capacity than was asked for, and bytes of the next message
            // were read into it.
            buffer.put(&self.bytes[self.expected..]);
            self.bytes.truncate(self.expected);
        }
        self.expected == self.bytes.len()
    }
}
