//! Requests: written by a host, read by a plugin.

use std::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, Header, ParserConfig, Status};

#[cfg(feature = "host")]
use super::JOINED;
use super::fields::Framed;
use super::{BodyLength, MAX_FIELDS, MAX_HEAD, plain};
use crate::protocol::wire;

/// Where the fields of a head are put while it is looked at. There is room for many, which costs
/// nothing before it is used.
pub struct Fields<'a> {
    /// Of a head as hosts write it.
    few: [Header<'a>; 12],
    many: [MaybeUninit<Header<'a>>; MAX_FIELDS],
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self { few: [EMPTY_HEADER; 12], many: [const { MaybeUninit::uninit() }; MAX_FIELDS] }
    }
}

/// What an ordinary request says before its body.
#[derive(Debug)]
pub struct RequestHead<'a, 'f> {
    /// The verb.
    pub method: &'a str,
    /// The target's path and query, still percent-encoded.
    pub path: &'a str,
    /// How long its body is.
    pub length: BodyLength,
    /// How many bytes the head is long.
    pub size: usize,
    /// What it says of the caller's budget.
    pub timeout: Option<&'a [u8]>,
    /// Whether requests behind this one may be given back.
    pub pipeline: bool,
    /// For how many microseconds the connection is to be looked at.
    pub busy_poll: Option<u64>,
    /// Whether the peer waits with the body until it is told to go on.
    pub expects_continue: bool,
    /// Whether another request may follow on its connection.
    pub keep_alive: bool,
    fields: &'f [Header<'a>],
}

impl<'a> RequestHead<'a, '_> {
    /// The fields, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.fields.iter().map(|field| (field.name, field.value))
    }
}

/// What lies at the beginning of what a peer has sent.
#[derive(Debug)]
pub enum Parsed<'a, 'f> {
    /// The beginning of a head.
    Partial,
    /// An ordinary request: to a path, by HTTP/1.1, with an answer that has a body.
    Ordinary(RequestHead<'a, 'f>),
    /// More of a head than [`MAX_HEAD`].
    TooLong,
    /// Another request, or none at all.
    Other,
}

/// Looks at the beginning of these bytes.
pub fn parse_request<'a, 'f>(bytes: &'a [u8], fields: &'f mut Fields<'a>) -> Parsed<'a, 'f> {
    let Fields { few, many } = fields;
    if let Some((path, count, size)) = plain::parse(bytes, few) {
        return ordinary("POST", path, size, &few[..count]);
    }
    let mut request = httparse::Request::new(&mut []);
    let parsed =
        ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, many);
    let size = match parsed {
        Ok(Status::Complete(size)) => size,
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => return Parsed::Partial,
        Ok(Status::Partial) => return Parsed::TooLong,
        Err(_) => return Parsed::Other,
    };
    match (request.method, request.path, request.version) {
        (Some(method), Some(path), Some(1))
            if path.starts_with('/') && !matches!(method, "HEAD" | "CONNECT") =>
        {
            ordinary(method, path, size, request.headers)
        }
        _ => Parsed::Other,
    }
}

/// Whether these are the parts of an ordinary head.
fn ordinary<'a, 'f>(
    method: &'a str,
    path: &'a str,
    size: usize,
    fields: &'f [Header<'a>],
) -> Parsed<'a, 'f> {
    let head = RequestHead {
        method,
        path,
        length: BodyLength::Of(0),
        size,
        timeout: None,
        pipeline: false,
        busy_poll: None,
        expects_continue: false,
        keep_alive: true,
        fields,
    };
    if size > MAX_HEAD {
        return Parsed::TooLong;
    }
    understand(head).map_or(Parsed::Other, Parsed::Ordinary)
}

/// Reads the fields; `None` where they contradict each other, or ask for what is not known here.
fn understand<'a, 'f>(mut head: RequestHead<'a, 'f>) -> Option<RequestHead<'a, 'f>> {
    let mut framed = Framed { keep_alive: true, ..Framed::default() };
    for Header { name, value } in head.fields {
        if framed.field(name, value).ok()? {
            continue;
        }
        if name.eq_ignore_ascii_case(wire::HEADER_TIMEOUT) {
            head.timeout.get_or_insert(value);
        } else if name.eq_ignore_ascii_case(wire::HEADER_PIPELINE) {
            head.pipeline = true;
        } else if name.eq_ignore_ascii_case(wire::HEADER_BUSY_POLL) {
            head.busy_poll = wire::parse_number(value);
        } else if name.eq_ignore_ascii_case("expect") {
            head.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            if !head.expects_continue {
                return None;
            }
        }
    }
    head.keep_alive = framed.keep_alive;
    head.length = match framed {
        Framed { encoded: false, length, .. } => BodyLength::Of(length.unwrap_or(0)),
        // Of two peers that go by one of both each, one would take a body for a request.
        Framed { chunked: true, length: None, .. } => BodyLength::Open,
        _ => return None,
    };
    Some(head)
}

/// A host's request.
#[cfg(feature = "host")]
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The wire name, as it is.
    pub method: &'a str,
    /// What stands behind it in the path: empty, or begins with a slash and is
    /// percent-encoded.
    pub below: &'a str,
    /// What the body is.
    pub content_type: Option<&'a str>,
    /// The caller's budget, in milliseconds.
    pub timeout: Option<u64>,
    /// Further fields, whose names are in lower case.
    pub fields: &'a [(&'static str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

#[cfg(feature = "host")]
impl<'a> Request<'a> {
    /// A request for a method, without fields of its own.
    pub fn new(method: &'a str, body: &'a [u8]) -> Self {
        Self { method, below: "", content_type: None, timeout: None, fields: &[], body }
    }

    /// Writes it behind `out` as it goes on the wire, to this authority; a body that is not
    /// worth a copy is answered with, and goes behind it.
    pub fn write_to(&self, out: &mut Vec<u8>, authority: &[u8]) -> &'a [u8] {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(b"POST ");
        wire::write_path_of_method(self.method, out);
        out.extend_from_slice(self.below.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        out.extend_from_slice(authority);
        let mut field = |name: &str, value: &[u8]| {
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
        };
        if let Some(content_type) = self.content_type {
            field("content-type", content_type.as_bytes());
        }
        if let Some(timeout) = self.timeout {
            field(wire::HEADER_TIMEOUT, digits.format(timeout).as_bytes());
        }
        for (name, value) in self.fields {
            field(name, value.as_bytes());
        }
        field("content-length", digits.format(self.body.len()).as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        if self.body.len() > JOINED {
            return self.body;
        }
        out.extend_from_slice(self.body);
        &[]
    }
}

/// Adds a field to the request that `out` begins with.
#[cfg(feature = "host")]
pub fn insert_field(out: &mut Vec<u8>, name: &str, value: u64) {
    let line = out.windows(2).position(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
    out.splice(line..line, format!("{name}: {value}\r\n").into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_other(text: &str) -> bool {
        matches!(parse_request(text.as_bytes(), &mut Fields::default()), Parsed::Other)
    }

    fn with_fields(fields: &str) -> String {
        format!("POST /add HTTP/1.1\r\nhost: x\r\n{fields}\r\n")
    }

    #[test]
    fn an_ordinary_request_shows_its_path_length_and_fields() {
        let text = with_fields("Goplug-Timeout: 250\r\nContent-Length: 13\r\n");
        let (bytes, mut fields) = (format!("{text}{{\"a\":1}}"), Fields::default());
        let Parsed::Ordinary(head) = parse_request(bytes.as_bytes(), &mut fields) else { panic!() };
        assert_eq!((head.path, head.length, head.size), ("/add", BodyLength::Of(13), text.len()));
        assert_eq!((head.timeout, head.pipeline), (Some(&b"250"[..]), false));
        assert_eq!(head.fields().count(), 3);
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let (text, mut fields) = (with_fields("connection: Keep-Alive\r\n"), Fields::default());
        let Parsed::Ordinary(head) = parse_request(text.as_bytes(), &mut fields) else { panic!() };
        assert_eq!((head.length, head.timeout), (BodyLength::Of(0), None));
    }

    #[test]
    fn a_request_may_ask_for_something_of_its_connection() {
        let text = with_fields("Goplug-Pipeline: 1\r\nGoplug-Busy-Poll: 50\r\n");
        let mut fields = Fields::default();
        let Parsed::Ordinary(head) = parse_request(text.as_bytes(), &mut fields) else { panic!() };
        assert_eq!((head.pipeline, head.busy_poll), (true, Some(50)));
    }

    #[test]
    fn a_head_that_goes_on_is_partial_until_it_is_too_long() {
        let text = with_fields("Content-Length: 13\r\n");
        for end in 0..text.len() {
            let mut fields = Fields::default();
            let parsed = parse_request(&text.as_bytes()[..end], &mut fields);
            assert!(matches!(parsed, Parsed::Partial), "{parsed:?}");
        }
        let long = "x".repeat(MAX_HEAD);
        for text in [format!("POST /{long}"), with_fields(&format!("x: {long}\r\n"))] {
            let mut fields = Fields::default();
            let parsed = parse_request(text.as_bytes(), &mut fields);
            assert!(matches!(parsed, Parsed::TooLong), "{parsed:?}");
        }
    }

    #[test]
    fn a_body_may_come_in_chunks_or_when_it_is_asked_for_and_be_the_last() {
        for (field, expected) in [
            ("transfer-encoding: Chunked", (BodyLength::Open, false, true)),
            ("Expect: 100-Continue\r\ncontent-length: 3", (BodyLength::Of(3), true, true)),
            ("connection: close", (BodyLength::Of(0), false, false)),
            ("connection: upgrade\r\nupgrade: x", (BodyLength::Of(0), false, true)),
        ] {
            let (text, mut fields) = (with_fields(&format!("{field}\r\n")), Fields::default());
            let Parsed::Ordinary(head) = parse_request(text.as_bytes(), &mut fields) else {
                panic!("{text}")
            };
            assert_eq!((head.length, head.expects_continue, head.keep_alive), expected, "{text}");
        }
    }

    #[test]
    fn what_is_odd_or_contradicts_itself_is_not_ordinary() {
        for text in [
            "HEAD /add HTTP/1.1\r\n\r\n",
            "CONNECT /add HTTP/1.1\r\n\r\n",
            "POST /add HTTP/1.0\r\n\r\n",
            "POST http://x/add HTTP/1.1\r\n\r\n",
            "POST add HTTP/1.1\r\n\r\n",
            "\0",
            &with_fields("transfer-encoding: gzip\r\n"),
            &with_fields("transfer-encoding: chunked\r\ncontent-length: 1\r\n"),
            &with_fields("Expect: the best\r\n"),
            &with_fields("content-length: x\r\n"),
            &with_fields("content-length: 1\r\ncontent-length: 2\r\n"),
        ] {
            assert!(is_other(text), "{text}");
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn a_request_says_what_the_protocol_asks_for() {
        let mut out = b"from before, ".to_vec();
        let request = Request {
            below: "/7",
            content_type: Some(wire::JSON),
            timeout: Some(250),
            fields: &[("goplug-protocol", "2")],
            ..Request::new("main.Do it", b"{}")
        };
        assert!(request.write_to(&mut out, b"math").is_empty());
        let expected = "from before, POST /main.Do%20it/7 HTTP/1.1\r\nhost: math\r\n\
                        content-type: application/json\r\ngoplug-timeout: 250\r\n\
                        goplug-protocol: 2\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[cfg(feature = "host")]
    #[test]
    fn a_field_that_is_added_is_read_with_the_others() {
        let (mut out, mut fields) = (Vec::new(), Fields::default());
        Request::new("Do", b"ab").write_to(&mut out, b"x");
        insert_field(&mut out, wire::HEADER_BUSY_POLL, 7);
        let Parsed::Ordinary(head) = parse_request(&out, &mut fields) else { panic!() };
        assert_eq!((head.path, head.length, head.busy_poll), ("/Do", BodyLength::Of(2), Some(7)));
    }

    #[cfg(feature = "host")]
    #[test]
    fn a_large_body_is_not_copied() {
        let (mut out, body) = (Vec::new(), vec![0; JOINED + 1]);
        assert_eq!(Request::new("Do", &body).write_to(&mut out, b"x").as_ptr(), body.as_ptr());
        assert!(out.ends_with(format!("content-length: {}\r\n\r\n", body.len()).as_bytes()));
    }
}
