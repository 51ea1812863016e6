//! The header fields by which a peer says what it speaks, who it is, and what it has seen.

use std::time::Duration;

use super::problems::bad_request;
use crate::protocol::{Dialect, Problem, Traceparent, wire};

/// The longest token of a host, in bytes.
const MAX_TOKEN: usize = 256;

/// The largest event id that a host may claim to have seen. The plugin numbers its events from
/// the id that a host claims, so there must be room above it.
const MAX_EVENT_ID: u64 = u64::MAX / 2;

/// The fields of a request's head that the plugin reads, apart from the budget. If a field
/// occurs twice, the first one counts.
#[derive(Debug, Default)]
pub(super) struct Headers {
    protocol: Field,
    host: Field,
    last_event_id: Field,
    content_type: Field,
    for_calls: Field,
}

/// The value of a field, if the request has it.
type Field = Option<Box<[u8]>>;

impl Headers {
    /// Picks the known fields out of all fields of a request.
    pub(super) fn new<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
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
            (wire::HEADER_HOST, &mut self.host),
            (wire::HEADER_LAST_EVENT_ID, &mut self.last_event_id),
            (wire::HEADER_CONTENT_TYPE, &mut self.content_type),
            (wire::HEADER_GRACE, &mut self.for_calls),
        ];
        known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, f)| f)
    }

    /// The protocol that the peer speaks.
    pub(super) fn dialect(&self) -> Dialect {
        match text(&self.protocol).and_then(|text| text.parse().ok()) {
            Some(2_u32..) => Dialect::GoPlug2,
            _ => Dialect::GoPlug1,
        }
    }

    /// Whether the body is a problem document.
    pub(super) fn is_problem(&self) -> bool {
        text(&self.content_type).is_some_and(|media_type| media_type.starts_with(wire::PROBLEM))
    }

    /// Whether the body is a stream of events.
    pub(super) fn is_event_stream(&self) -> bool {
        text(&self.content_type)
            .is_some_and(|media_type| media_type.starts_with(wire::EVENT_STREAM))
    }

    /// How long calls in flight have after a stop, if the host says so. A value that is none counts as
    /// none: a stop must not fail.
    pub(super) fn for_calls(&self) -> Option<Duration> {
        wire::parse_timeout(self.for_calls.as_deref()?)
    }

    /// The token that identifies the host, if it sent one.
    ///
    /// # Errors
    /// A problem if the token is too long, or is not visible ASCII.
    pub(super) fn host_token(&self) -> Result<Option<&str>, Problem> {
        if self.host.is_none() {
            return Ok(None);
        }
        match text(&self.host) {
            Some(token)
                if (1..=MAX_TOKEN).contains(&token.len())
                    && token.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Ok(Some(token))
            }
            _ => Err(bad_request("Goplug-Host is not one to 256 visible ASCII characters")),
        }
    }

    /// The id of the last event that the host has seen, if it sent one.
    ///
    /// # Errors
    /// A problem if it is not a number, or is out of range.
    pub(super) fn last_event_id(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = self.last_event_id.as_deref() else { return Ok(None) };
        let text = String::from_utf8_lossy(value);
        match wire::parse_number(value) {
            Some(id) if id <= MAX_EVENT_ID => Ok(Some(id)),
            Some(_) => Err(bad_request(format!("Last-Event-ID is {text:?}, which no event has"))),
            None => Err(bad_request(format!("Last-Event-ID is {text:?}, which is not a number"))),
        }
    }
}

/// A field's value, if the field is there and its value is text.
fn text(field: &Field) -> Option<&str> {
    let text = std::str::from_utf8(field.as_deref()?).ok()?;
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)).then_some(text)
}

/// The fields of the head of a call that the plugin reads, apart from the budget.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CallHeaders<'a> {
    /// Whether the caller says that it reads results of the media type [`wire::FORM_DATA`].
    pub(super) accepts_parts: bool,
    /// Whether the caller says that it reads answers of the media type [`wire::EVENT_STREAM`].
    pub(super) accepts_events: bool,
    /// The caller's place in a trace. One that is invalid counts as none, as W3C Trace Context says.
    pub(super) traceparent: Option<Traceparent>,
    /// The arguments beside a stream of bytes.
    pub(super) arguments: Option<&'a [u8]>,
    /// The token of the host.
    pub(super) host: Option<&'a [u8]>,
    /// The calls that the call is within.
    pub(super) chain: Option<&'a [u8]>,
}

impl<'a> CallHeaders<'a> {
    /// Picks the known fields out of all fields of a call.
    pub(super) fn new(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut headers = Self::default();
        for (name, value) in fields {
            // Few fields have names of these lengths.
            match name.len() {
                6 if name.eq_ignore_ascii_case(wire::HEADER_ACCEPT) => {
                    headers.accepts_parts |= names(value, wire::FORM_DATA);
                    headers.accepts_events |= names(value, wire::EVENT_STREAM);
                }
                11 if name.eq_ignore_ascii_case(wire::HEADER_TRACEPARENT) => {
                    headers.traceparent = Traceparent::parse(value);
                }
                16 if name.eq_ignore_ascii_case(wire::HEADER_ARGUMENTS) => {
                    headers.arguments = Some(value);
                }
                11 if name.eq_ignore_ascii_case(wire::HEADER_HOST) => headers.host = Some(value),
                12 if name.eq_ignore_ascii_case(wire::HEADER_CHAIN) => headers.chain = Some(value),
                _ => {}
            }
        }
        headers
    }
}

/// Whether a list of media types names this one.
fn names(list: &[u8], media_type: &str) -> bool {
    let wanted = media_type.as_bytes();
    list.windows(wanted.len()).any(|media_type| media_type.eq_ignore_ascii_case(wanted))
}

/// The caller's budget, from the value of its header; `None` without that header.
///
/// # Errors
/// A problem if it is not a whole number of milliseconds.
pub(super) fn parse_budget(value: Option<&[u8]>) -> Result<Option<Duration>, Problem> {
    let Some(value) = value else { return Ok(None) };
    match wire::parse_timeout(value) {
        Some(budget) => Ok(Some(budget)),
        None => Err(bad_request(format!(
            "Goplug-Timeout is {:?}, which is not a whole number of milliseconds",
            String::from_utf8_lossy(value)
        ))),
    }
}
