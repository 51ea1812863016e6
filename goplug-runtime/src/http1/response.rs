//! Responses, as a host reads them.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;

use bytes::Bytes;
use httparse::{ParserConfig, Status};

#[cfg(feature = "host")]
use super::Pieces;
use super::body::{Body, Framing, ReadError};
use super::fields::Framed;
use super::{Buffer, KnownHead, MAX_FIELDS, MAX_HEAD, invalid};
use crate::protocol::wire;

/// A whole response.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Whether it names a version of the protocol: then a GoPlug 2 plugin has sent it.
    pub has_protocol: bool,
    /// Whether another request may follow on its connection.
    pub keep_alive: bool,
    /// The body, whatever framed it.
    pub body: Bytes,
}

/// How far a response has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// It takes more bytes.
    More,
    /// An interim response of this status; the response itself is still to come.
    Interim(u16),
    /// It is whole.
    Whole(Response),
}

/// How a response begins that may be a stream.
#[cfg(feature = "host")]
#[derive(Debug)]
pub enum Opening {
    /// It is one, and these are what comes next.
    Stream(Pieces),
    /// It is none, or it does not show yet.
    Progress(Progress),
}

/// Reads the responses of a connection, one after the other, in whatever pieces they come.
#[derive(Debug)]
pub struct ResponseReader {
    limit: usize,
    /// Bytes of interim responses: all of them together are one head, as far as its limit
    /// goes.
    interim: usize,
    begun: Option<(Head, Body)>,
    known: KnownHead<Head>,
}

impl ResponseReader {
    /// A reader of responses whose bodies may have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, interim: 0, begun: None, known: KnownHead::default() }
    }

    /// Takes what there is. After a response that is whole it goes on with the next one;
    /// after an error it is of no use.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn take(&mut self, buffer: &mut Buffer) -> Result<Progress, ReadError> {
        if self.begun.is_none() {
            let Some((head, size)) = self.head(buffer.filled())? else {
                return Ok(Progress::More);
            };
            if (100..200).contains(&head.status) {
                buffer.consume(size);
                self.interim = (self.interim + size).min(MAX_HEAD);
                return Ok(Progress::Interim(head.status));
            }
            self.interim = 0;
            if let Framing::Length(length) = head.framing
                && let Some(body) = usize::try_from(length)
                    .ok()
                    .filter(|length| *length <= self.limit)
                    .and_then(|length| buffer.filled().get(size..size + length))
            {
                let body = Bytes::copy_from_slice(body);
                buffer.consume(size + body.len());
                return Ok(Progress::Whole(head.with(body)));
            }
            buffer.consume(size);
            self.begun = Some((head, Body::new(head.framing, self.limit)?));
        }
        match self.begun.take() {
            Some((head, mut body)) => {
                if body.take(buffer)? {
                    return Ok(Progress::Whole(head.with(body.into_bytes())));
                }
                self.begun = Some((head, body));
                Ok(Progress::More)
            }
            None => Ok(Progress::More),
        }
    }

    /// Takes what there is of a response that may be a stream, to be called once for a
    /// connection. The pieces of a stream are taken by what this answers with; any other
    /// response is read on as [`ResponseReader::take`] does.
    ///
    /// # Errors
    /// [`ReadError`].
    #[cfg(feature = "host")]
    pub fn open(&mut self, buffer: &mut Buffer) -> Result<Opening, ReadError> {
        if self.begun.is_none()
            && let Some((head, size)) = self.head(buffer.filled())?
            && head.status == 200
        {
            buffer.consume(size);
            return Ok(Opening::Stream(Pieces::new(head.framing)));
        }
        self.take(buffer).map(Opening::Progress)
    }

    /// The head at the beginning of these bytes, and how long it is; `None` where it goes on
    /// behind them.
    fn head(&mut self, bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
        if let Some(known) = self.known.find(bytes) {
            return Ok(Some(known));
        }
        let Some((head, size)) = parse(bytes)? else { return Ok(None) };
        self.known.keep(&bytes[..size], head);
        Ok(Some((head, size)))
    }

    /// Where the next bytes are to be appended, as far as its capacity reaches, which is
    /// further than it is filled after [`Progress::More`].
    ///
    /// # Errors
    /// [`InvalidData`](ErrorKind::InvalidData) where the response should have come further
    /// with the bytes that are here.
    pub fn room<'a>(&'a mut self, buffer: &'a mut Buffer) -> io::Result<&'a mut Vec<u8>> {
        match &mut self.begun {
            None => buffer.room(MAX_HEAD - self.interim),
            Some((_, body)) => body.room(buffer),
        }
    }

    /// The connection has ended: so has the response, where its body says no other end. After
    /// that it is of no use.
    ///
    /// # Errors
    /// [`UnexpectedEof`](ErrorKind::UnexpectedEof) where something is missing.
    pub fn end(&mut self) -> Result<Response, ReadError> {
        match self.begun.take() {
            Some((head, body)) if body.ends_with_connection() => Ok(head.with(body.into_bytes())),
            _ => {
                let text = "connection closed before the response was complete";
                Err(io::Error::new(ErrorKind::UnexpectedEof, text).into())
            }
        }
    }
}

/// What a response says before its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    pub(super) keep_alive: bool,
    pub(super) has_protocol: bool,
}

impl Head {
    fn with(self, body: Bytes) -> Response {
        let Self { status, keep_alive, has_protocol, .. } = self;
        Response { status, has_protocol, keep_alive, body }
    }
}

/// Reads a head from the beginning of these bytes, and how long it is; `None` where it goes on
/// behind them.
pub(super) fn parse(bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut fields)
        .map_err(|error| invalid(format!("not HTTP: {error}")))?;
    let Status::Complete(size) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let mut framed = Framed { keep_alive: response.version == Some(1), ..Framed::default() };
    let mut has_protocol = false;
    for field in response.headers.iter() {
        if !framed.field(field.name, field.value)? {
            has_protocol |= field.name.eq_ignore_ascii_case(wire::HEADER_PROTOCOL);
        }
    }
    let framing = match framed {
        _ if status < 200 || status == 204 || status == 304 => Framing::Length(0),
        Framed { encoded: true, chunked: true, .. } => Framing::Chunked,
        Framed { encoded: true, chunked: false, .. } => Framing::Close,
        Framed { length: Some(length), .. } => Framing::Length(length),
        Framed { length: None, .. } => Framing::Close,
    };
    let keep_alive = framed.keep_alive && framing != Framing::Close;
    Ok(Some((Head { status, framing, keep_alive, has_protocol }, size)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNKS: &str = "5\r\nhello\r\n7;kind=x\r\n, world\r\n0\r\nTrailer: t\r\n\r\n";

    fn parsed(text: &str) -> Head {
        let (head, size) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(size, text.len());
        head
    }

    fn head(lines: &str) -> Head {
        parsed(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))
    }

    fn message(lines: &str, body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}")
    }

    /// Reads a response that comes in pieces of this size; answers with it and with what was
    /// not taken.
    fn read(mut text: &[u8], piece: usize, limit: usize) -> Result<(Response, Vec<u8>), ReadError> {
        let (mut reader, mut buffer) = (ResponseReader::new(limit), Buffer::default());
        loop {
            match reader.take(&mut buffer)? {
                Progress::Whole(response) => {
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

    #[test]
    fn a_body_ends_where_the_head_says() {
        assert_eq!(head("Content-Length: 5\r\n").framing, Framing::Length(5));
        assert_eq!(head("transfer-encoding: gzip, Chunked\r\n").framing, Framing::Chunked);
        let both = head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
        assert_eq!(both.framing, Framing::Chunked);
        assert_eq!(head("Transfer-Encoding: gzip\r\n").framing, Framing::Close);
        assert_eq!(head("").framing, Framing::Close);
        assert_eq!(parsed("HTTP/1.1 204 None\r\n\r\n").framing, Framing::Length(0));
    }

    #[test]
    fn a_connection_is_kept_unless_the_head_says_otherwise() {
        assert!(head("Content-Length: 0\r\n").keep_alive);
        assert!(!head("Content-Length: 0\r\nConnection: close\r\n").keep_alive);
        assert!(!head("").keep_alive);
        let old = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n";
        assert!(!parsed(&format!("{old}\r\n")).keep_alive);
        assert!(parsed(&format!("{old}Connection: Keep-Alive\r\n\r\n")).keep_alive);
    }

    #[test]
    fn a_version_of_the_protocol_shows() {
        assert!(head("Goplug-Protocol: 2\r\nContent-Length: 0\r\n").has_protocol);
        assert!(!head("Goplug-Timeout: 2\r\nContent-Length: 0\r\n").has_protocol);
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_in_whatever_pieces_it_comes(piece in 1_usize..120) {
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
        fn what_came_before_makes_no_difference(
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
        fn whatever_comes_is_a_response_or_an_error(bytes: Vec<u8>, piece in 1_usize..9) {
            for lines in ["Content-Length: 20\r\n", "Transfer-Encoding: chunked\r\n", ""] {
                let text = [message(lines, "").as_bytes(), &bytes].concat();
                if let Ok((response, _)) = read(&text, piece, 32) {
                    prop_assert!(response.body.len() <= 32);
                }
                // Whatever it is, it comes to an end.
                let _ = read(&bytes, piece, 32);
            }
        }
    }

    #[test]
    fn interim_responses_are_told_and_the_response_follows() {
        let text = message("Content-Length: 2\r\n", "hi");
        let text = format!("HTTP/1.1 102 Processing\r\nx: y\r\n\r\n{text}");
        let (mut reader, mut buffer) = (ResponseReader::new(9), Buffer::default());
        reader.room(&mut buffer).unwrap().extend_from_slice(text.as_bytes());
        assert_eq!(reader.take(&mut buffer).unwrap(), Progress::Interim(102));
        let Progress::Whole(response) = reader.take(&mut buffer).unwrap() else { panic!() };
        assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
    }

    #[test]
    fn heads_and_interim_responses_without_an_end_are_refused() {
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(MAX_HEAD));
        assert_eq!(kind_of(&endless), ErrorKind::InvalidData);
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_HEAD);
        assert_eq!(kind_of(&interim), ErrorKind::InvalidData);
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let lengths = ["x", "+5", "-1", "", "99999999999999999999", "5\r\nContent-Length: 6"];
        let lines = lengths.map(|text| message(&format!("Content-Length: {text}\r\n"), ""));
        let others = ["this is the wrong number\r\n\r\n".to_owned(), "GET / HTTP/1.1".to_owned()];
        for text in lines.iter().chain(&others) {
            assert_eq!(kind_of(text), ErrorKind::InvalidData, "{text}");
        }
    }

    #[test]
    fn a_body_of_just_the_limit_is_taken_and_no_larger_one() {
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
    fn what_are_no_chunks_is_refused() {
        let endless = format!("5;{}", "x".repeat(2 << 10));
        for body in ["five\r\n", "5\r\nhello, world", "\r\n", &*endless] {
            let text = message("Transfer-Encoding: chunked\r\n", body);
            assert_eq!(kind_of(&text), ErrorKind::InvalidData, "{text}");
        }
    }
}
