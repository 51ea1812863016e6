//! What a request says: its budget, its dialect, who sends it.

use std::time::Duration;

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

/// The fields of a request's head, as far as they say something here. Where one stands twice,
/// the first counts.
#[derive(Debug, Default)]
pub(super) struct Headers {
    protocol: Field,
    timeout: Field,
    host: Field,
    last_event_id: Field,
    content_type: Field,
}

/// The value of a field, if it is there.
type Field = Option<Box<[u8]>>;

impl Headers {
    /// What these say.
    pub(super) fn of<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut headers = Self::default();
        for (name, value) in fields {
            if let Some(field) = headers.field(name) {
                field.get_or_insert_with(|| value.into());
            }
        }
        headers
    }

    fn field(&mut self, name: &str) -> Option<&mut Field> {
        let known = [
            (wire::HEADER_PROTOCOL, &mut self.protocol),
            (wire::HEADER_TIMEOUT, &mut self.timeout),
            (wire::HEADER_HOST, &mut self.host),
            (wire::HEADER_LAST_EVENT_ID, &mut self.last_event_id),
            (wire::HEADER_CONTENT_TYPE, &mut self.content_type),
        ];
        known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, f)| f)
    }

    /// The dialect of the peer.
    pub(super) fn dialect(&self) -> Dialect {
        match text(&self.protocol).and_then(|text| text.parse().ok()) {
            Some(2_u32..) => Dialect::GoPlug2,
            _ => Dialect::GoPlug1,
        }
    }

    /// The caller's budget, if it names one.
    ///
    /// # Errors
    /// As [`budget`].
    pub(super) fn budget(&self) -> Result<Option<Duration>, Problem> {
        budget(self.timeout.as_deref())
    }

    /// Whether the body is a problem document.
    pub(super) fn is_problem(&self) -> bool {
        text(&self.content_type).is_some_and(|media_type| media_type.starts_with(wire::PROBLEM))
    }

    /// The token by which the host names itself, if it does.
    ///
    /// # Errors
    /// A problem where it is too long to be kept, or not visible ASCII.
    pub(super) fn host_token(&self) -> Result<Option<&str>, Problem> {
        if self.host.is_none() {
            return Ok(None);
        }
        match text(&self.host) {
            Some(token) if (1..=MAX_TOKEN).contains(&token.len()) => Ok(Some(token)),
            _ => Err(bad_request("Goplug-Host is not one to 256 visible ASCII characters")),
        }
    }

    /// The id of the last event that the host has seen, if it names one.
    ///
    /// # Errors
    /// A problem where it is not the number of an event.
    pub(super) fn last_event_id(&self) -> Result<Option<u64>, Problem> {
        let Some(text) = text(&self.last_event_id) else { return Ok(None) };
        match text.trim().parse() {
            Ok(id) if id <= MAX_EVENT_ID => Ok(Some(id)),
            Ok(_) => Err(bad_request(format!("Last-Event-ID is {text:?}, which no event has"))),
            Err(_) => Err(bad_request(format!("Last-Event-ID is {text:?}, which is not a number"))),
        }
    }
}

/// A field's value, where it is there and is text.
fn text(field: &Field) -> Option<&str> {
    let text = std::str::from_utf8(field.as_deref()?).ok()?;
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)).then_some(text)
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

/// The problem of a body that is larger than this.
pub(super) fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(ProblemKind::BodyTooLarge, detail)
}

/// The problem of a body that stops arriving.
pub(super) fn paused(idle: Duration) -> Problem {
    bad_request(format!("nothing of the body has arrived for {idle:?}"))
}

pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest, detail)
}
