//! The fields of an event or a span, as the members of a JSON object.

use std::error::Error;
use std::fmt::{Debug, Display, Write};

use tracing::field::{Field, Visit};

use crate::error::texts;
use crate::limits;
use crate::protocol::Traceparent;
use crate::protocol::cut::cut;

/// The field that is an event's message.
const MESSAGE: &str = "message";

/// How the names of fields begin that `tracing-log` adds to a record of the crate `log`.
const OF_LOG: &str = "log.";

/// Collects fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The message, if there is one.
    pub(super) message: Option<String>,
    /// The other fields as JSON: `"page":3,"name":"a"`.
    pub(super) members: String,
}

impl Fields {
    /// Adds the members of another.
    pub(super) fn append(&mut self, other: &Self) {
        if !self.members.is_empty() && !other.members.is_empty() {
            self.members.push(',');
        }
        self.members.push_str(&other.members);
    }

    /// Adds the trace of the call that the event is a part of, unless the event names one.
    pub(super) fn traceparent(&mut self, traceparent: Traceparent) {
        if !self.members.contains(r#""traceparent":"#) {
            let comma = if self.members.is_empty() { "" } else { "," };
            let _ = write!(self.members, r#"{comma}"traceparent":"{traceparent}""#);
        }
    }

    fn member(&mut self, field: &Field, value: impl Display) {
        let name = field.name();
        if name.starts_with(OF_LOG) {
            return;
        }
        let comma = if self.members.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(self.members, "{comma}{}:{value}", json(name.trim_start_matches("r#")));
    }

    fn text(&mut self, field: &Field, text: String) {
        if field.name() == MESSAGE {
            self.message = Some(text);
        } else {
            self.member(field, json(&text));
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            // As Rust writes it for `Debug`, so that 1.0 stays a number with a fraction.
            self.member(field, format_args!("{value:?}"));
        } else {
            self.text(field, value.to_string());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.member(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.member(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, bounded(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let texts = texts(value, |error| bounded(error));
        self.text(field, bounded(texts.join(": ")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, bounded(format_args!("{value:?}")));
    }
}

/// The text as a JSON string.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text, cut off at the limit.
fn bounded(text: impl Display) -> String {
    cut(text, limits::MAX_OUTPUT_LINE)
}
