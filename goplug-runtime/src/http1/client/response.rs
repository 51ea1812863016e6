//! Responses, as a host reads them.
//!
//! A head is compared with the one before it on the connection before it is parsed, and a body
//! that is in the buffer as a whole is copied out of it in one step: so most responses are read
//! by one comparison and one copy.

use std::io::{self, ErrorKind};

use bytes::Bytes;

use super::response_head::{Head, Protocol, parse};
use crate::http1::{Body, BodyKind, BodyStream, Buffer, HeadCache, MAX_HEAD, ReadError};

/// A complete response.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header `Goplug-Protocol`, which a GoPlug 2 plugin sends with some answers.
    pub protocol: Option<Protocol>,
    /// Whether another request may follow on the connection.
    pub keep_alive: bool,
    /// The body, without its framing.
    pub body: Bytes,
}

/// How far the reader has come with a response.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// An interim response of this status; the response itself is still to come.
    Interim(u16),
    /// The response is complete.
    Complete(Response),
}

/// The answer to a request for a stream.
#[derive(Debug)]
pub enum StreamedResponse {
    /// Status 200: the body is the stream.
    Stream(StreamHead),
    /// Another response, or not enough bytes yet to tell.
    Other(Progress),
}

/// What the head of a stream says.
#[derive(Debug)]
pub struct StreamHead {
    /// The body, of which nothing has been taken.
    pub body: BodyStream,
    /// Whether the body is a stream of events.
    pub is_events: bool,
    /// Whether another request may follow on the connection, after the body.
    pub keep_alive: bool,
}

/// Reads the responses of a connection, one after the other, however their bytes arrive.
#[derive(Debug)]
pub struct ResponseReader {
    limit: usize,
    /// Bytes of interim responses before this one: together with its head they may have
    /// [`MAX_HEAD`].
    interim: usize,
    /// The head and the unfinished body of the current response.
    partial: Option<(Head, Body)>,
    heads: HeadCache<Head>,
}

impl ResponseReader {
    /// A reader that refuses bodies of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, interim: 0, partial: None, heads: HeadCache::default() }
    }

    /// Whether a part of the current response, or an interim response before it, has been taken.
    pub fn has_begun(&self) -> bool {
        self.partial.is_some() || self.interim > 0
    }

    /// Takes the bytes of the current response out of the buffer. After a complete response it
    /// continues with the next one; after an error the reader must not be used any more.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn take(&mut self, buffer: &mut Buffer) -> Result<Progress, ReadError> {
        if self.partial.is_none() {
            let Some((head, size)) = self.head(buffer.filled())? else {
                return Ok(Progress::More);
            };
            if (100..200).contains(&head.status) {
                buffer.consume(size);
                self.interim = (self.interim + size).min(MAX_HEAD);
                return Ok(Progress::Interim(head.status));
            }
            self.interim = 0;
            if let BodyKind::Length(length) = head.body
                && let Some(body) = usize::try_from(length)
                    .ok()
                    .filter(|length| *length <= self.limit)
                    .and_then(|length| buffer.filled().get(size..size + length))
            {
                let body = Bytes::copy_from_slice(body);
                buffer.consume(size + body.len());
                return Ok(Progress::Complete(response(head, body)));
            }
            buffer.consume(size);
            self.partial = Some((head, Body::new(head.body, self.limit)?));
        }
        match self.partial.take() {
            Some((head, mut body)) => {
                if body.take(buffer)? {
                    return Ok(Progress::Complete(response(head, body.into_bytes())));
                }
                self.partial = Some((head, body));
                Ok(Progress::More)
            }
            None => Ok(Progress::More),
        }
    }

    /// As [`take`](Self::take), for a request that asks for a stream: a stream is not read to its
    /// end, but handed out once its head is complete. The next response may be taken when the
    /// stream's body has ended.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn take_stream(&mut self, buffer: &mut Buffer) -> Result<StreamedResponse, ReadError> {
        if self.partial.is_none()
            && let Some((head, size)) = self.head(buffer.filled())?
            && head.status == 200
        {
            buffer.consume(size);
            self.interim = 0;
            let Head { body, is_events, keep_alive, .. } = head;
            let body = BodyStream::new(body);
            return Ok(StreamedResponse::Stream(StreamHead { body, is_events, keep_alive }));
        }
        self.take(buffer).map(StreamedResponse::Other)
    }

    /// The head at the beginning of these bytes, and its length in bytes; `None` if it is
    /// incomplete.
    fn head(&mut self, bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
        if let Some(found) = self.heads.find(bytes) {
            return Ok(Some(found));
        }
        let Some((head, size)) = parse(bytes)? else { return Ok(None) };
        self.heads.keep(&bytes[..size], head);
        Ok(Some((head, size)))
    }

    /// The vector to which the next bytes are to be appended, without growing it. After
    /// [`Progress::More`] it has spare capacity.
    ///
    /// # Errors
    /// [`InvalidData`](ErrorKind::InvalidData) if the head or the framing of a chunk has more bytes
    /// than it may have.
    pub fn room<'a>(&'a mut self, buffer: &'a mut Buffer) -> io::Result<&'a mut Vec<u8>> {
        match &mut self.partial {
            None => buffer.room(MAX_HEAD - self.interim),
            Some((_, body)) => body.room(buffer),
        }
    }

    /// To be called when the connection has ended: returns the response whose body lasts until
    /// then. The reader must not be used any more.
    ///
    /// # Errors
    /// [`UnexpectedEof`](ErrorKind::UnexpectedEof) if a part of the response is missing.
    pub fn end(&mut self) -> Result<Response, ReadError> {
        match self.partial.take() {
            Some((head, body)) if body.ends_with_connection() => {
                Ok(response(head, body.into_bytes()))
            }
            _ => {
                let text = "connection closed before the response was complete";
                Err(io::Error::new(ErrorKind::UnexpectedEof, text).into())
            }
        }
    }
}

fn response(head: Head, body: Bytes) -> Response {
    let Head { status, keep_alive, protocol, .. } = head;
    Response { status, protocol, keep_alive, body }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNKS: &str = "5\r\nhello\r\n7;kind=x\r\n, world\r\n0\r\nTrailer: t\r\n\r\n";

    fn message(lines: &str, body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}")
    }

    /// Reads a response that arrives in pieces of this size. Returns it and the bytes after it.
    fn read(mut text: &[u8], piece: usize, limit: usize) -> Result<(Response, Vec<u8>), ReadError> {
        let (mut reader, mut buffer) = (ResponseReader::new(limit), Buffer::default());
        loop {
            match reader.take(&mut buffer)? {
                Progress::Complete(response) => {
                    return Ok((response, [buffer.filled(), text].concat()));
                }
                Progress::Interim(_) => {}
                Progress::More => {
                    let room = reader.room(&mut buffer)?;
                    let count = piece.min(room.capacity() - room.len()).min(text.len());
                    room.extend_from_slice(&text[..count]);
                    text = &text[count..];
                    if count == 0 {
                        return reader.end().map(|response| (response, Vec::new()));
                    }
                }
            }
        }
    }

    fn error_of(text: &str, limit: usize) -> ReadError {
        read(text.as_bytes(), usize::MAX, limit).unwrap_err()
    }

    fn kind_of(text: &str) -> ErrorKind {
        match error_of(text, 100) {
            ReadError::Broken(error) => error.kind(),
            ReadError::TooLarge => panic!("too large: {text}"),
        }
    }

    proptest! {
        #[test]
        fn the_pieces_do_not_change_the_body(piece in 1_usize..120) {
            for (text, rest) in [
                (message("Content-Length: 12\r\n", "hello, worldnext"), "next"),
                (message("Transfer-Encoding: chunked\r\n", &format!("{CHUNKS}next")), "next"),
                (message("", "hello, world"), ""),
            ] {
                let (response, left) = read(text.as_bytes(), piece, 100).unwrap();
                prop_assert_eq!(response.body, "hello, world");
                prop_assert_eq!(left, rest.as_bytes());
            }
        }

        #[test]
        fn the_responses_before_do_not_change_a_response(
            order in prop::collection::vec(0_usize..6, 1..20),
            piece in 1_usize..400,
        ) {
            let kinds = [
                message("Content-Length: 5\r\n", "hello"),
                message("Content-Length: 2\r\n", "hi"),
                message("Content-Length: 2\r\nGoplug-Protocol: 2\r\n", "ho"),
                message("Transfer-Encoding: chunked\r\n", CHUNKS),
                "HTTP/1.1 102 Processing\r\n\r\n".to_owned(),
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            ];
            let mut expected = Vec::new();
            let mut text = Vec::new();
            for at in order {
                text.extend_from_slice(kinds[at].as_bytes());
                let mut buffer = Buffer::default();
                buffer.put(kinds[at].as_bytes());
                expected.push(ResponseReader::new(100).take(&mut buffer).unwrap());
            }
            let (mut reader, mut buffer) = (ResponseReader::new(100), Buffer::default());
            let mut found = Vec::new();
            for piece in text.chunks(piece) {
                buffer.put(piece);
                loop {
                    match reader.take(&mut buffer).unwrap() {
                        Progress::More => break,
                        other => found.push(other),
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn arbitrary_bytes_are_a_response_or_an_error(bytes: Vec<u8>, piece in 1_usize..9) {
            for lines in ["Content-Length: 20\r\n", "Transfer-Encoding: chunked\r\n", ""] {
                let text = [message(lines, "").as_bytes(), &bytes].concat();
                if let Ok((response, _)) = read(&text, piece, 32) {
                    prop_assert!(response.body.len() <= 32);
                }
                // It returns.
                let _ = read(&bytes, piece, 32);
            }
        }
    }

    #[test]
    fn an_interim_response_is_reported_before_the_response() {
        let text = message("Content-Length: 2\r\n", "hi");
        let text = format!("HTTP/1.1 102 Processing\r\nx: y\r\n\r\n{text}");
        let (mut reader, mut buffer) = (ResponseReader::new(9), Buffer::default());
        reader.room(&mut buffer).unwrap().extend_from_slice(text.as_bytes());
        assert_eq!(reader.take(&mut buffer).unwrap(), Progress::Interim(102));
        let Progress::Complete(response) = reader.take(&mut buffer).unwrap() else { panic!() };
        assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
    }

    #[test]
    fn endless_heads_and_interim_responses_are_refused() {
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(MAX_HEAD));
        assert_eq!(kind_of(&endless), ErrorKind::InvalidData);
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_HEAD);
        assert_eq!(kind_of(&interim), ErrorKind::InvalidData);
    }

    #[test]
    fn malformed_heads_are_refused() {
        let lengths = ["x", "+5", "-1", "", "5\r\nContent-Length: 6"];
        let lines = lengths.map(|text| message(&format!("Content-Length: {text}\r\n"), ""));
        let others = ["this is the wrong number\r\n\r\n".to_owned(), "GET / HTTP/1.1".to_owned()];
        for text in lines.iter().chain(&others) {
            assert_eq!(kind_of(text), ErrorKind::InvalidData, "{text}");
        }
    }

    #[test]
    fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
        for text in [
            message("Content-Length: 12\r\n", "hello, world"),
            message("Transfer-Encoding: chunked\r\n", CHUNKS),
            message("", "hello, world"),
        ] {
            assert_eq!(read(text.as_bytes(), 99, 12).unwrap().0.body, "hello, world");
            assert!(matches!(error_of(&text, 11), ReadError::TooLarge), "{text}");
        }
        for text in [
            message("Content-Length: 18446744073709551615\r\n", ""),
            message("Content-Length: 99999999999999999999\r\n", ""),
            message("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"),
        ] {
            assert!(matches!(error_of(&text, 11), ReadError::TooLarge), "{text}");
        }
    }

    #[test]
    fn a_response_that_breaks_off_is_an_error() {
        let cut = &CHUNKS[..CHUNKS.len() - 1];
        for text in [
            "HTTP/1.1 200 O".to_owned(),
            message("Content-Length: 12\r\n", "hello"),
            message("Transfer-Encoding: chunked\r\n", cut),
        ] {
            assert_eq!(kind_of(&text), ErrorKind::UnexpectedEof, "{text}");
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        let endless = format!("5;{}", "x".repeat(2 << 10));
        for body in ["five\r\n", "5\r\nhello, world", "\r\n", &*endless] {
            let text = message("Transfer-Encoding: chunked\r\n", body);
            assert_eq!(kind_of(&text), ErrorKind::InvalidData, "{text}");
        }
    }
}
