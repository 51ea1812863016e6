//! Problem documents (RFC 9457): errors as they are sent.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::cut::cut;
use super::{header_json, null, visible};
use crate::limits;

const URN_PREFIX: &str = "urn:goplug:error:";

/// The kind of an error, as the member `type` names it, with its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The method itself answered with an error (422).
    Method,
    /// The plugin has no such method (400).
    UnknownMethod,
    /// The arguments do not decode (400).
    InvalidArguments,
    /// The request does not follow the protocol (400).
    BadRequest,
    /// The caller's budget is spent (408).
    DeadlineExceeded,
    /// The plugin does not know the caller, and did not begin the call (401).
    Unauthorized,
    /// The request is for another instance of the plugin, and this one did not begin the call (421).
    Misdirected,
    /// The body is larger than the receiver's limit (413).
    BodyTooLarge,
    /// The handler panicked (500).
    HandlerPanicked,
    /// The plugin failed, through no fault of the caller (500).
    Internal,
    /// The method was aborted because the plugin stops (500).
    CutOff,
    /// The plugin is stopping, and did not begin the call (503).
    Stopping,
    /// The plugin is not active yet, and did not begin the call (503).
    NotActive,
    /// A kind that this version does not know.
    Other,
}

/// Kind, name in the URN, status, title.
const KINDS: [(ProblemKind, &str, u16, &str); 14] = [
    (ProblemKind::Method, "method", 422, "The method answered with an error"),
    (ProblemKind::UnknownMethod, "unknown-method", 400, "Unknown method"),
    (ProblemKind::InvalidArguments, "invalid-arguments", 400, "The arguments do not decode"),
    (ProblemKind::BadRequest, "bad-request", 400, "Not a request of the protocol"),
    (ProblemKind::DeadlineExceeded, "deadline-exceeded", 408, "The caller's budget is spent"),
    (ProblemKind::Unauthorized, "unauthorized", 401, "The caller is not known"),
    (ProblemKind::Misdirected, "misdirected", 421, "The request is for another instance"),
    (ProblemKind::BodyTooLarge, "body-too-large", 413, "The body is larger than the limit"),
    (ProblemKind::HandlerPanicked, "handler-panicked", 500, "The handler panicked"),
    (ProblemKind::Internal, "internal", 500, "The plugin failed"),
    (ProblemKind::CutOff, "cut-off", 500, "The method was cut off"),
    (ProblemKind::Stopping, "stopping", 503, "The plugin is stopping"),
    (ProblemKind::NotActive, "not-active", 503, "The plugin is not active"),
    (ProblemKind::Other, "other", 500, "Error"),
];

impl ProblemKind {
    fn row(self) -> &'static (ProblemKind, &'static str, u16, &'static str) {
        KINDS.iter().find(|row| row.0 == self).unwrap_or(&KINDS[KINDS.len() - 1])
    }

    /// The HTTP status of this kind.
    pub fn status(self) -> u16 {
        self.row().2
    }

    /// Every kind that this version knows.
    #[cfg(feature = "schema")]
    pub(crate) fn known() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|row| row.0).filter(|kind| *kind != Self::Other)
    }

    /// The member `type` of a document of this kind.
    pub(crate) fn urn(self) -> String {
        format!("{URN_PREFIX}{}", self.row().1)
    }

    /// What this kind of problem is, for people.
    pub(crate) fn title(self) -> &'static str {
        self.row().3
    }
}

/// An error that one process sends to another, with the members of [`Document`]. It has the size of
/// a pointer, so that results stay small.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Problem(Box<Document>);

/// The members of a problem document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    #[serde(rename = "type", default, deserialize_with = "null::or_default")]
    urn: String,
    #[serde(default, deserialize_with = "null::or_default")]
    title: String,
    #[serde(default, deserialize_with = "null::or_default")]
    status: u16,
    /// What happened this time, for people. What another process sent is made [`visible()`].
    #[serde(default, deserialize_with = "shown")]
    pub detail: String,
    /// With [`ProblemKind::Method`]: the method's own error value.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<RawValue>>,
    /// With [`ProblemKind::InvalidArguments`]: the parameter at fault, if it is known.
    #[serde(default, deserialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// With [`ProblemKind::InvalidArguments`]: what was expected there, if it is known.
    #[serde(default, deserialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

/// Reads the value of a member that is present. `null` is a value as well: an error type without
/// fields is written as `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// Reads a text that is for people.
fn shown<'de, T: Text + Default + Deserialize<'de>, D: Deserializer<'de>>(
    d: D,
) -> Result<T, D::Error> {
    null::or_default(d).map(T::shown)
}

/// A text that another process sent, or none.
trait Text {
    fn shown(self) -> Self;
}

impl Text for String {
    fn shown(self) -> Self {
        let text =
            if self.len() > limits::MAX_DETAIL { cut(self, limits::MAX_DETAIL) } else { self };
        match visible(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(escaped) => escaped,
        }
    }
}

impl Text for Option<String> {
    fn shown(self) -> Self {
        self.map(Text::shown)
    }
}

impl Problem {
    /// A problem of this kind; `detail` is for people.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Document {
            urn: kind.urn(),
            title: kind.title().into(),
            status: kind.status(),
            detail: detail.into(),
            error: None,
            parameter: None,
            expected: None,
        }))
    }

    /// The method's own error: its value, and a text for people.
    pub fn method(error: Box<RawValue>, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(ProblemKind::Method, detail);
        problem.error = Some(error);
        problem
    }

    /// Arguments that do not decode, with the parameter at fault.
    pub fn argument(parameter: &str, expected: &str, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(ProblemKind::InvalidArguments, detail);
        problem.parameter = Some(parameter.into());
        problem.expected = Some(expected.into());
        problem
    }

    /// A panic of the handler, with its message.
    pub(crate) fn panicked(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::HandlerPanicked, message)
    }

    /// The kind of this problem.
    pub fn kind(&self) -> ProblemKind {
        let name = self.urn.strip_prefix(URN_PREFIX).unwrap_or_default();
        KINDS.iter().find(|row| row.1 == name).map_or(ProblemKind::Other, |row| row.0)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The `title` member.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The same problem, if its document has at most this many bytes as the value of a header. A larger
    /// one loses its value and the end of its texts.
    pub(crate) fn within(self, most: usize) -> Self {
        if header_json::write(&self.to_json()).len() <= most {
            return self;
        }
        // Each byte of a text has at most six in a header.
        let cut = |text: &str| cut(text, most / 16);
        let mut problem = Self::new(self.kind(), cut(&self.detail));
        problem.status = self.status;
        problem
    }

    /// The document's text.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and already valid JSON: serializing them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Deref for Problem {
    type Target = Document;
    fn deref(&self) -> &Document {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Document {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_document() {
        for (kind, ..) in KINDS {
            let text = Problem::new(kind, "why").to_json();
            let read: Problem = serde_json::from_slice(&text).unwrap();
            assert_eq!((read.kind(), read.status()), (kind, kind.status()));
        }
    }

    #[test]
    fn a_long_detail_is_cut_off() {
        let text = Problem::new(ProblemKind::Internal, "é".repeat(limits::MAX_DETAIL)).to_json();
        let read: Problem = serde_json::from_slice(&text).unwrap();
        let (detail, end) = read.detail.split_at(limits::MAX_DETAIL);
        assert!(detail.chars().all(|c| c == 'é') && end == "…");
    }

    #[test]
    fn an_error_value_of_null_is_a_value() {
        let null = serde_json::value::to_raw_value(&()).unwrap();
        let text = Problem::method(null, "it failed").to_json();
        let read: Problem = serde_json::from_slice(&text).unwrap();
        assert_eq!(read.error.as_ref().unwrap().get(), "null");
    }

    #[test]
    fn control_characters_of_the_sender_are_written_out_and_lines_stay() {
        let text = r#"{"detail":"\u001b[2Jgone\nnext","parameter":"a\u202e","expected":"i\u0007"}"#;
        let read: Problem = serde_json::from_str(text).unwrap();
        assert_eq!(read.detail, "\\u{1b}[2Jgone\nnext");
        assert_eq!(read.parameter.as_deref(), Some("a\\u{202e}"));
        assert_eq!(read.expected.as_deref(), Some("i\\u{7}"));
    }

    #[test]
    fn a_foreign_problem_reads_as_other() {
        let read: Problem =
            serde_json::from_str(r#"{"type":"about:blank","detail":"no"}"#).unwrap();
        assert_eq!(read.kind(), ProblemKind::Other);
        assert_eq!(read.detail, "no");
    }
}
