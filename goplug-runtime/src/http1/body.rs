//! The body of a message, whichever way it says where it ends.

use std::io;

use bytes::Bytes;

use super::chunks::{Between, Then};
use super::{Buffer, invalid};

/// Why there is no message.
#[derive(Debug)]
pub enum ReadError {
    /// Its body is larger than the limit.
    TooLarge,
    /// It breaks off, or is no message where the kind is
    /// [`InvalidData`](io::ErrorKind::InvalidData).
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

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// So many bytes.
    Of(u64),
    /// Not known yet: it comes in chunks.
    Open,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Behind so many bytes.
    Length(u64),
    /// Behind the last of its chunks.
    Chunked,
    /// With the connection.
    Close,
}

/// What of a body comes next.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The whole of it.
    Bytes,
    /// What stands between chunks.
    Between(Between),
    /// The content of a chunk.
    Chunk,
    /// Whatever comes before the end.
    Rest,
}

/// A body on its way in, in whatever pieces it comes.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    /// How long it will be, as far as is known already.
    expected: usize,
    limit: usize,
    next: Next,
}

impl Body {
    /// A body of at most `limit` bytes.
    pub(super) fn new(framing: Framing, limit: usize) -> Result<Self, ReadError> {
        let mut body = Self { bytes: Vec::new(), expected: 0, limit, next: Next::Bytes };
        match framing {
            Framing::Length(length) => body.expect(length)?,
            Framing::Chunked => body.next = Next::Between(Between::Size),
            Framing::Close => body.next = Next::Rest,
        }
        Ok(body)
    }

    /// A body of at most `limit` bytes that comes in chunks.
    #[cfg(feature = "plugin")]
    pub fn chunked(limit: usize) -> Self {
        Self { bytes: Vec::new(), expected: 0, limit, next: Next::Between(Between::Size) }
    }

    /// Takes what there is; answers with whether the body is whole. After an error it is of no
    /// use.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn take(&mut self, buffer: &mut Buffer) -> Result<bool, ReadError> {
        loop {
            match self.next {
                Next::Bytes => return Ok(self.fill_from(buffer)),
                Next::Between(mut between) => {
                    let then = between.take(buffer)?;
                    self.next = Next::Between(between);
                    match then {
                        Then::More => return Ok(false),
                        Then::Nothing => return Ok(true),
                        Then::Content(size) => {
                            self.expect(size)?;
                            self.next = Next::Chunk;
                        }
                    }
                }
                Next::Chunk => {
                    if !self.fill_from(buffer) {
                        return Ok(false);
                    }
                    self.next = Next::Between(Between::End);
                }
                Next::Rest => {
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
    /// [`InvalidData`](io::ErrorKind::InvalidData) where it should have come further with the
    /// bytes that are here.
    pub fn room<'a>(&'a mut self, buffer: &'a mut Buffer) -> io::Result<&'a mut Vec<u8>> {
        match self.next {
            Next::Bytes | Next::Chunk => Ok(&mut self.bytes),
            Next::Between(between) => buffer.room(between.room()),
            Next::Rest => buffer.room(usize::MAX),
        }
    }

    /// Whether the end of the connection is the end of this body.
    pub(super) fn ends_with_connection(&self) -> bool {
        matches!(self.next, Next::Rest)
    }

    /// What has come of it.
    pub fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }

    /// So many bytes more are to come.
    fn expect(&mut self, count: u64) -> Result<(), ReadError> {
        let count = usize::try_from(count).map_err(|_| ReadError::TooLarge)?;
        if count > self.limit - self.bytes.len() {
            return Err(ReadError::TooLarge);
        }
        self.expected = self.bytes.len() + count;
        self.bytes.reserve_exact(count);
        Ok(())
    }

    /// Moves to the body what it expects; answers with whether nothing is missing.
    fn fill_from(&mut self, buffer: &mut Buffer) -> bool {
        if let Some(missing) = self.expected.checked_sub(self.bytes.len()) {
            buffer.move_to(&mut self.bytes, missing);
        } else {
            // There was room for more than was asked for.
            buffer.put(&self.bytes[self.expected..]);
            self.bytes.truncate(self.expected);
        }
        self.expected == self.bytes.len()
    }
}
