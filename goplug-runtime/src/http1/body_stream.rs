//! The body of a stream: it may never end, and its data is used as it arrives.

use std::io::{self, ErrorKind};

use super::body::{BodyKind, BodyLength};
use super::chunked::{ChunkedState, ChunkedStep};
use super::chunks::{CHUNK_END, hex_digits};
use super::sender_error::SenderError;
use super::{Buffer, FLATTEN_LIMIT};

/// The part of a body that the next bytes belong to.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A body of known length: this many bytes are missing.
    Sized(u64),
    /// The framing around chunks.
    Framing(ChunkedState),
    /// The data of a chunk: this many bytes are missing.
    ChunkData(u64),
    /// A body that lasts until the connection ends.
    UntilEof,
    /// The body has ended.
    End,
}

/// Finds the data of a body between its framing, however the bytes arrive.
#[derive(Debug)]
pub struct BodyStream {
    state: State,
    /// The length of the framing between the data of two chunks that are as large as the last one.
    framing: usize,
}

/// What the bytes at the beginning of a buffer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyProgress {
    /// This many bytes of data, which the caller consumes.
    Data(usize),
    /// More bytes are needed to tell.
    More,
    /// The body has ended.
    End,
}

impl BodyStream {
    /// The data of a body of this kind.
    pub fn new(kind: BodyKind) -> Self {
        let state = match kind {
            BodyKind::Length(length) => State::Sized(length),
            BodyKind::Chunked => State::Framing(ChunkedState::Size),
            BodyKind::Eof => State::UntilEof,
        };
        Self { state, framing: 0 }
    }

    /// The data of a request's body.
    pub fn of_request(length: BodyLength) -> Self {
        Self::new(match length {
            BodyLength::Known(length) => BodyKind::Length(length),
            BodyLength::Unknown => BodyKind::Chunked,
        })
    }

    /// Whether the sender has begun a chunk that has not arrived as a whole. Between chunks it may
    /// have nothing to send. What has been read and not been looked at does not count.
    pub fn is_within_chunk(&self) -> bool {
        matches!(self.state, State::Sized(1..) | State::ChunkData(1..))
    }

    /// Consumes the framing before the next data. The caller has to consume the data before the
    /// next call. After an error the value must not be used any more.
    ///
    /// # Errors
    /// [`InvalidData`](ErrorKind::InvalidData) if the chunks are malformed; one with a [`SenderError`] if
    /// the sender has given up the body, and says why.
    pub fn next(&mut self, buffer: &mut Buffer) -> io::Result<BodyProgress> {
        loop {
            let available = buffer.filled().len();
            match self.state {
                State::Sized(0) | State::End => return Ok(BodyProgress::End),
                State::ChunkData(0) => self.state = State::Framing(ChunkedState::DataEnd),
                State::Sized(_) | State::ChunkData(_) | State::UntilEof if available == 0 => {
                    return Ok(BodyProgress::More);
                }
                State::UntilEof => return Ok(BodyProgress::Data(available)),
                State::Sized(missing) => {
                    let (count, missing) = split(missing, available);
                    self.state = State::Sized(missing);
                    return Ok(BodyProgress::Data(count));
                }
                State::ChunkData(missing) => {
                    let (count, missing) = split(missing, available);
                    self.state = State::ChunkData(missing);
                    return Ok(BodyProgress::Data(count));
                }
                State::Framing(mut chunked) => {
                    let step = chunked.take(buffer, SenderError::look)?;
                    self.state = match step {
                        ChunkedStep::Data(size) => {
                            self.framing = framing_between(size);
                            State::ChunkData(size)
                        }
                        ChunkedStep::End => State::End,
                        ChunkedStep::More => {
                            self.state = State::Framing(chunked);
                            return Ok(BodyProgress::More);
                        }
                    };
                }
            }
        }
    }

    /// How many bytes are to be read next, at most.
    ///
    /// Within a large chunk, these are the rest of it and the framing after it. So a reader that keeps up
    /// with its writer gets whole chunks, each at the beginning of its memory, and none is copied.
    pub fn read_limit(&self) -> usize {
        match self.state {
            State::ChunkData(missing) if missing >= FLATTEN_LIMIT as u64 => {
                usize::try_from(missing).map_or(usize::MAX, |it| it.saturating_add(self.framing))
            }
            _ => usize::MAX,
        }
    }

    /// Whether the body itself shows where it ends, so that one that is cut off is noticed.
    pub fn is_delimited(&self) -> bool {
        !matches!(self.state, State::UntilEof)
    }

    /// To be called when the connection has ended.
    ///
    /// # Errors
    /// [`UnexpectedEof`](ErrorKind::UnexpectedEof) if a part of the body is missing.
    pub fn end(&self) -> io::Result<()> {
        match self.state {
            State::UntilEof | State::End | State::Sized(0) => Ok(()),
            _ => Err(io::Error::new(ErrorKind::UnexpectedEof, "the body has been cut off")),
        }
    }
}

/// The length of what stands between the data of two chunks of this size.
fn framing_between(size: u64) -> usize {
    CHUNK_END.len() + hex_digits(size) + CHUNK_END.len()
}

/// How many of the missing bytes are available, and how many are then still missing.
fn split(missing: u64, available: usize) -> (usize, u64) {
    let count = usize::try_from(missing).unwrap_or(usize::MAX).min(available);
    (count, missing - count as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http1::{Body, write_sender_error};

    /// Reads a body that arrives in pieces of this size. Returns its data, whether it is
    /// complete, and the bytes after it.
    fn read(kind: BodyKind, text: &[u8], size: usize) -> io::Result<(Vec<u8>, bool, Vec<u8>)> {
        let (mut body, mut buffer) = (BodyStream::new(kind), Buffer::default());
        let (mut data, mut text) = (Vec::new(), text.chunks(size));
        loop {
            match body.next(&mut buffer)? {
                BodyProgress::Data(count) => {
                    assert!(count > 0);
                    buffer.move_to(&mut data, count);
                }
                BodyProgress::More => match text.next() {
                    Some(piece) => buffer.put(piece),
                    None => return Ok((data, body.end().is_ok(), buffer.filled().into())),
                },
                BodyProgress::End => {
                    let rest = [buffer.filled(), &text.collect::<Vec<_>>().concat()].concat();
                    return Ok((data, true, rest));
                }
            }
        }
    }

    const CHUNKS: &str = "5\r\nhello\r\n007;kind=x\r\n, world\r\n0\r\nTrailer: t\r\n\r\nnext";

    proptest! {
        #[test]
        fn the_pieces_do_not_change_the_data(size in 1_usize..80) {
            let expected = (b"hello, world".to_vec(), true, b"next".to_vec());
            let chunked = read(BodyKind::Chunked, CHUNKS.as_bytes(), size).unwrap();
            prop_assert_eq!(&chunked, &expected);
            let counted = read(BodyKind::Length(12), b"hello, worldnext", size).unwrap();
            prop_assert_eq!(&counted, &expected);
            let (data, ended, rest) = read(BodyKind::Eof, b"hello", size).unwrap();
            prop_assert_eq!((&data[..], ended, rest.len()), (&b"hello"[..], true, 0));
        }

        #[test]
        fn a_body_that_is_cut_off_is_not_complete(at in 0_usize..CHUNKS.len() - 4) {
            let (_, ended, _) = read(BodyKind::Chunked, &CHUNKS.as_bytes()[..at], 80).unwrap();
            prop_assert!(!ended);
        }

        #[test]
        fn arbitrary_bytes_never_give_more_data_than_arrived(bytes: Vec<u8>, size in 1_usize..9) {
            for kind in [BodyKind::Chunked, BodyKind::Length(20), BodyKind::Eof] {
                if let Ok((data, _, _)) = read(kind, &bytes, size) {
                    prop_assert!(data.len() <= bytes.len());
                }
            }
        }
    }

    #[test]
    fn a_reader_gets_whole_chunks_and_copies_none() {
        const SIZE: usize = FLATTEN_LIMIT + 200;
        let chunk = [format!("{SIZE:x}\r\n").as_bytes(), &[7; SIZE], CHUNK_END].concat();
        let sent = chunk.repeat(5);
        let (mut body, mut buffer) = (BodyStream::new(BodyKind::Chunked), Buffer::default());
        buffer.set_capacity(2 * SIZE);
        // The first bytes come with the head of the message.
        let (mut sent, mut sizes) = (&sent[..], Vec::new());
        buffer.put(sent.split_off(..100).unwrap());
        loop {
            match body.next(&mut buffer).unwrap() {
                BodyProgress::Data(count) => {
                    let at = buffer.filled().as_ptr();
                    let data = buffer.take(count);
                    assert!(count < FLATTEN_LIMIT || data.as_ptr() == at);
                    sizes.push(count);
                }
                BodyProgress::More if sent.is_empty() => break,
                BodyProgress::More => {
                    let count = body.read_limit().min(sent.len());
                    buffer.put(sent.split_off(..count).unwrap());
                }
                BodyProgress::End => panic!("there is no last chunk"),
            }
        }
        let first = 100 - (framing_between(SIZE as u64) - CHUNK_END.len());
        assert_eq!(sizes, [first, SIZE - first, SIZE, SIZE, SIZE, SIZE]);
    }

    proptest! {
        #[test]
        fn the_trailer_of_a_sender_that_fails_is_its_error(size in 1_usize..80, ends: bool) {
            let mut text = "1\r\na\r\n0\r\nOther: x\r\ngoplug-ERROR: \t{\"detail\":\"no\"} \r\n".to_owned();
            if ends {
                text.push_str("\r\n");
            }
            let error = read(BodyKind::Chunked, text.as_bytes(), size).unwrap_err();
            let problem = SenderError::of(&error).map(|error| &error.problem[..]);
            prop_assert_eq!(problem, Some(&b"{\"detail\":\"no\"}"[..]));
        }
    }

    #[test]
    fn a_reader_that_knows_no_trailers_finds_the_body_of_a_failed_sender_cut_off() {
        let mut out = Vec::new();
        write_sender_error(&mut out, b"{\"detail\":\"\xc3\xa4\"}");
        assert_eq!(out, b"0\r\ngoplug-error: {\"detail\":\"\\u00e4\"}\r\n");
        let (mut body, mut buffer) = (Body::chunked(9), Buffer::default());
        buffer.put(b"1\r\na\r\n");
        buffer.put(&out);
        assert!(!body.take(&mut buffer).unwrap());
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for body in ["five\r\n", "5\r\nhello, world", "\r\n"] {
            let error = read(BodyKind::Chunked, body.as_bytes(), 80).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{body}");
        }
    }
}
