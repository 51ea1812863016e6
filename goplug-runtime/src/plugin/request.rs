//! What a request says: its body, its budget, its dialect.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};
use hyper::header::HeaderValue;
use tokio::time::timeout;

use super::race::within;

use crate::protocol::{Problem, ProblemKind, wire};

/// The longest token of a host, in bytes.
const MAX_TOKEN: usize = 256;

/// The largest id of an event that a host may claim to have seen. A host that claims one of
/// an earlier plugin's decides where the numbering goes on: there must be room behind it.
const MAX_EVENT_ID: u64 = u64::MAX / 2;

/// The dialect of the protocol that a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The original Go library's: requests without a version.
    GoPlug1,
    /// This project's.
    GoPlug2,
}

impl Dialect {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let version = text(headers, wire::HEADER_PROTOCOL).and_then(|text| text.parse().ok());
        match version {
            Some(2_u32..) => Self::GoPlug2,
            _ => Self::GoPlug1,
        }
    }
}

/// A header's value, where it is there and is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The caller's budget, if it names one: the value of its header.
///
/// # Errors
/// A problem where it is not a number.
pub(super) fn budget(value: Option<&[u8]>) -> Result<Option<Duration>, Problem> {
    let Some(value) = value else { return Ok(None) };
    match wire::parse_timeout(value) {
        Some(budget) => Ok(Some(budget)),
        None => Err(bad_request(format!(
            "Goplug-Timeout is {:?}, which is not a whole number of milliseconds",
            String::from_utf8_lossy(value)
        ))),
    }
}

/// The same from all the headers.
///
/// # Errors
/// As [`budget`].
pub(super) fn budget_of(headers: &HeaderMap) -> Result<Option<Duration>, Problem> {
    budget(headers.get(wire::HEADER_TIMEOUT).map(HeaderValue::as_bytes))
}

/// The token by which a host names itself, if it does.
///
/// # Errors
/// A problem where it is too long to be kept, or not visible ASCII.
pub(super) fn host_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(wire::HEADER_HOST) else { return Ok(None) };
    match value.to_str() {
        Ok(token) if (1..=MAX_TOKEN).contains(&token.len()) => Ok(Some(token)),
        _ => Err(bad_request("Goplug-Host is not one to 256 visible ASCII characters")),
    }
}

/// The id of the last event that a host has seen, if it names one.
///
/// # Errors
/// A problem where it is not the number of an event.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(text) = text(headers, wire::HEADER_LAST_EVENT_ID) else { return Ok(None) };
    match text.trim().parse() {
        Ok(id) if id <= MAX_EVENT_ID => Ok(Some(id)),
        Ok(_) => Err(bad_request(format!("Last-Event-ID is {text:?}, which no event has"))),
        Err(_) => Err(bad_request(format!("Last-Event-ID is {text:?}, which is not a number"))),
    }
}

/// What is left of a body that is too large. Reading it to its end keeps a peer that is
/// still writing from being cut off before it has seen why.
pub(super) type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a body is not taken.
pub(super) enum Unread {
    /// It broke off or paused.
    Broken(Problem),
    /// It is too large, and there may be more of it.
    TooLarge(Problem, Rest),
}

/// Reads a request's body. It is read even where the answer is certain before: an HTTP/1.1
/// connection with an unread body cannot be used again.
///
/// # Errors
/// Where it is larger than `limit`, breaks off, or pauses for longer than `idle`.
pub(super) async fn body(
    mut incoming: Incoming,
    limit: usize,
    idle: Duration,
) -> Result<Bytes, Unread> {
    let too_large = |incoming| {
        let detail = format!("the body is larger than {limit} bytes");
        let problem = Problem::new(ProblemKind::BodyTooLarge, detail);
        Unread::TooLarge(problem, Box::pin(discard(incoming, limit, idle)))
    };
    if incoming.size_hint().lower() > limit as u64 {
        return Err(too_large(incoming));
    }
    let (mut first, mut joined) = (Bytes::new(), BytesMut::new());
    while !incoming.is_end_stream() {
        let frame = within(idle, incoming.frame()).await;
        let frame = frame.ok_or_else(|| Unread::Broken(paused(idle)))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| broken(format!("the body broke off: {error}")))?;
        let Ok(piece) = frame.into_data() else { continue };
        if first.len() + joined.len() + piece.len() > limit {
            return Err(too_large(incoming));
        }
        // Most bodies come in one piece, and then nothing is copied.
        if first.is_empty() && joined.is_empty() {
            first = piece;
        } else {
            if joined.is_empty() {
                // What is announced is within the limit: that was looked at above.
                let rest = usize::try_from(incoming.size_hint().lower()).unwrap_or(0);
                joined.reserve(first.len() + piece.len() + rest);
            }
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&piece);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

/// Reads on for at most twice the limit, and drops what it reads.
async fn discard(mut incoming: Incoming, limit: usize, idle: Duration) {
    let mut left = limit.saturating_mul(2);
    while let Ok(Some(Ok(frame))) = timeout(idle, incoming.frame()).await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn broken(detail: String) -> Unread {
    Unread::Broken(bad_request(detail))
}

/// The problem of a body that stops arriving.
pub(super) fn paused(idle: Duration) -> Problem {
    bad_request(format!("nothing of the body has arrived for {idle:?}"))
}

pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest, detail)
}
