//! The layer that writes each event as a record.

use std::env;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::{Fields, json};
use crate::limits;
use crate::protocol::visible::Lines;
use crate::protocol::{visible, wire};
use crate::typed::{Inherited, TRACE_TARGET};

/// Whether events of this program are written as records.
static IS_WRITING: AtomicBool = AtomicBool::new(false);

/// Whether there is a layer, so that a panic can be an event.
pub(super) fn is_writing() -> bool {
    IS_WRITING.load(Ordering::Relaxed)
}

/// The reader of standard error.
#[derive(Clone, Copy, Debug)]
enum Reader {
    Host,
    /// A person, since the program was started by hand.
    Person,
}

/// Writes events to standard error.
#[derive(Debug)]
pub(super) struct HostLayer(Reader);

impl HostLayer {
    pub(super) fn new() -> Self {
        IS_WRITING.store(true, Ordering::Relaxed);
        let is_started_by_host = env::var_os(wire::ENV_PROTOCOL).is_some();
        Self(if is_started_by_host { Reader::Host } else { Reader::Person })
    }
}

/// An event, or what is left of it.
struct Parts<'a> {
    level: &'a str,
    target: &'a str,
    message: &'a str,
    /// JSON, without the braces.
    fields: &'a str,
    /// JSON, without the brackets.
    spans: &'a str,
}

impl Parts<'_> {
    /// The record: one line of JSON, of at most [`limits::MAX_LOG_RECORD`].
    fn record(&self) -> String {
        let Self { level, target, message, fields, spans } = self;
        let mut line = format!(r#"{{"level":"{level}","target":{}"#, json(target));
        // Writing to a string cannot fail.
        let _ = write!(line, r#","message":{}"#, json(message));
        if !fields.is_empty() {
            let _ = write!(line, r#","fields":{{{fields}}}"#);
        }
        if !spans.is_empty() {
            let _ = write!(line, r#","spans":[{spans}]"#);
        }
        line.push_str("}\n");
        if line.len() > limits::MAX_LOG_RECORD && !(fields.is_empty() && spans.is_empty()) {
            let fields = r#""left_out":"the fields and spans, which are too long""#;
            return Parts { fields, spans: "", ..*self }.record();
        }
        line
    }

    /// The event for a person.
    fn text(&self) -> String {
        let Self { level, target, message, fields, .. } = self;
        let fields = if fields.is_empty() { String::new() } else { format!(" {{{fields}}}") };
        format!("{level} {target}: {}{}\n", Lines(message), visible(&fields))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for HostLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == TRACE_TARGET {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // The values are formatted by code of the user, which must not run under the lock.
        let mut added = Fields::default();
        values.record(&mut added);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.append(&added);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let of_log = event.normalized_metadata();
        let metadata = of_log.as_ref().unwrap_or_else(|| event.metadata());
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(traceparent) = Inherited::current().traceparent {
            fields.traceparent(traceparent);
        }
        let parts = Parts {
            level: metadata.level().as_str(),
            target: metadata.target(),
            message: fields.message.as_deref().unwrap_or_default(),
            fields: &fields.members,
            spans: &spans(event, &context),
        };
        let line = match self.0 {
            Reader::Host => parts.record(),
            Reader::Person => parts.text(),
        };
        // One write, so that nothing comes between. If standard error is gone, nobody is left to tell.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// The spans of an event as JSON, the outermost first.
fn spans<S>(event: &Event<'_>, context: &Context<'_, S>) -> String
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut spans = String::new();
    let all = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
    // What goplug's own spans say, the field `traceparent` says.
    for span in all.filter(|span| span.metadata().target() != TRACE_TARGET) {
        let comma = if spans.is_empty() { "" } else { "," };
        let _ = write!(spans, r#"{comma}{{"name":{}"#, json(span.name()));
        if let Some(fields) = span.extensions().get::<Fields>()
            && !fields.members.is_empty()
        {
            let _ = write!(spans, ",{}", fields.members);
        }
        spans.push('}');
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_of_json() {
        let parts = Parts {
            level: "WARN",
            target: "a::b",
            message: "no\n\"space\"",
            fields: r#""n":1"#,
            spans: r#"{"name":"s"}"#,
        };
        assert_eq!(
            parts.record(),
            concat!(
                r#"{"level":"WARN","target":"a::b","message":"no\n\"space\"","fields":{"n":1},"#,
                "\"spans\":[{\"name\":\"s\"}]}\n"
            )
        );
        assert_eq!(parts.text(), "WARN a::b: no\n  \"space\" {\"n\":1}\n");
    }

    #[test]
    fn fields_that_are_too_long_are_left_out() {
        let fields = format!(r#""n":"{}""#, "x".repeat(limits::MAX_LOG_RECORD));
        let parts = Parts { level: "INFO", target: "a", message: "m", fields: &fields, spans: "" };
        let record = parts.record();
        assert!(record.len() < 200 && record.contains("left_out"), "{record}");
    }
}
