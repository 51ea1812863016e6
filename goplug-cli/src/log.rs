//! What the plugins say that the command has started.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::output::Output;

/// The target of what plugins say, in the log of their host.
const TARGET: &str = "goplug::plugin";

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    /// The log is what the user wants to have.
    Stdout,
    /// The log is beside the result.
    Stderr,
}

/// From now on shows what plugins say, line by line. The first destination counts. Returns what is notified
/// when nobody reads the lines any more.
pub(crate) fn show(destination: Destination, output: &Output) -> Arc<Notify> {
    let closed = Arc::new(Notify::new());
    let layer = Lines { destination, is_json: output.is_json(), closed: closed.clone() };
    // A second subscriber is refused, and is not needed.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(layer));
    closed
}

/// Writes each event of a plugin as a line.
#[derive(Debug)]
struct Lines {
    destination: Destination,
    is_json: bool,
    closed: Arc<Notify>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut record = Record::default();
        event.record(&mut record);
        let line = record.line(*event.metadata().level(), self.is_json);
        let written = match self.destination {
            Destination::Stdout => writeln!(io::stdout(), "{line}"),
            Destination::Stderr => writeln!(io::stderr(), "{line}"),
        };
        if written.is_err() {
            self.closed.notify_one();
        }
    }
}

/// The fields of an event, in docs/logging.md.
#[derive(Default)]
struct Record(Map<String, Value>);

impl Record {
    fn line(mut self, level: Level, is_json: bool) -> String {
        // The plugin's own fields are one field of the event, as JSON.
        let fields = self.text("fields").and_then(|text| serde_json::from_str(&text).ok());
        if is_json {
            self.0.insert("level".into(), level.as_str().to_lowercase().into());
            self.0.extend(fields.map(|fields| ("fields".to_owned(), fields)));
            return Value::Object(self.0).to_string();
        }
        let mut line = format!("{level:>5} {}", self.text("plugin").unwrap_or_default());
        for place in ["target", "span"] {
            if let Some(place) = self.text(place) {
                let _ = write!(line, " {place}");
            }
        }
        let _ = write!(line, ": {}", self.text("message").unwrap_or_default());
        if let Some(Value::Object(fields)) = fields {
            for (name, value) in fields {
                let _ = write!(line, " {name}={value}");
            }
        }
        line
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }
}

impl Visit for Record {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Record {
        let Value::Object(fields) = json!({
            "message": "the disk is slow", "plugin": "acme.Pages", "stream": "stderr",
            "target": "pages::store", "span": "save{page=3}", "fields": r#"{"took_ms":210}"#,
        }) else {
            unreachable!("an object")
        };
        Record(fields)
    }

    #[test]
    fn a_record_is_a_line_for_people() {
        assert_eq!(
            record().line(Level::WARN, false),
            " WARN acme.Pages pages::store save{page=3}: the disk is slow took_ms=210"
        );
    }

    #[test]
    fn a_record_is_an_object_for_programs() {
        let line: Value = serde_json::from_str(&record().line(Level::INFO, true)).unwrap();
        assert_eq!((&line["level"], &line["fields"]["took_ms"]), (&"info".into(), &210.into()));
    }
}
