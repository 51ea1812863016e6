//! Lines of JSON that are records of a log: those of goplug's own plugins, and what the usual
//! libraries write. A record is recognized by its content, so a plugin need not say which library it
//! uses:
//!
//! | of | level | message | target |
//! |---|---|---|---|
//! | goplug | `level` | `message` | `target` |
//! | hclog | `@level` | `@message` | `@module` |
//! | Go's `log/slog`, zap, zerolog | `level` | `msg`, `message` | `logger` |
//! | pino, bunyan | `level`, a number | `msg` | `name` |
//! | loggers of Python | `levelname`, `level` | `message`, `event` | `name`, `logger` |
//! | `tracing-subscriber` | `level` | `message`, or that of `fields` | `target` |
//!
//! Everything else in the line is a field. The time is left out: the host's log has its own.

use std::fmt::Write;

use serde_json::value::RawValue;
use tracing::Level;

use super::object::{Object, string};
use crate::protocol::visible;
use crate::protocol::visible::Lines;

const LEVELS: [&str; 5] = ["level", "@level", "levelname", "severity", "lvl"];
const MESSAGES: [&str; 4] = ["message", "msg", "@message", "event"];
const TARGETS: [&str; 4] = ["target", "@module", "logger", "logger_name"];
const TIMES: [&str; 5] = ["time", "timestamp", "@timestamp", "ts", "asctime"];

/// Its own target and message for a panic, from the plugin's side of goplug.
const PANIC: &str = "panic";

/// A record of a log. Its texts are safe to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) level: Level,
    /// May be empty. Further lines are indented.
    pub(super) message: String,
    /// The module, or the logger.
    pub(super) target: Option<String>,
    /// The spans that it is in, the outermost first: `save{page=3}:write`.
    pub(super) span: Option<String>,
    /// All other fields, as a JSON object on one line.
    pub(super) fields: Option<String>,
}

impl Record {
    /// Reads a line; `None` if it is no record.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        if line.first() != Some(&b'{') {
            return None;
        }
        let mut object = Object::read(std::str::from_utf8(line).ok()?)?;
        let has_name = object.get(&["levelname"]).is_some() || is_numbered(object.get(&["level"]));
        let level = object.take(&LEVELS, level)?;
        let has_time = object.take(&TIMES, scalar).is_some();
        let target = object.take(&TARGETS, string);
        let target = target.or_else(|| object.take(if has_name { &["name"] } else { &[] }, string));
        let mut message = object.take(&MESSAGES, string);
        if let Some(mut fields) = object.take(&["fields"], |value| Object::read(value.get())) {
            message = message.or_else(|| fields.take(&["message"], string));
            object.append(fields);
        }
        if message.is_none() && target.is_none() && !has_time {
            return None;
        }
        let span = spans(&mut object);
        let fields =
            (object.members().len() > 0).then(|| visible(&object.to_string()).into_owned());
        let shown = |text: String| visible(&text).into_owned();
        Some(Self {
            level,
            message: Lines(message.unwrap_or_default()).to_string(),
            target: target.map(shown),
            span: span.map(shown),
            fields,
        })
    }

    /// Whether it reports a panic.
    pub(super) fn is_panic(&self) -> bool {
        self.level == Level::ERROR && self.target.as_deref() == Some(PANIC)
    }

    /// The record as a text of one line or several.
    pub(super) fn text(&self) -> String {
        let mut text = self.level.to_string();
        // Writing to a string cannot fail.
        let _ = match &self.target {
            Some(target) => write!(text, " {target}: {}", self.message),
            None => write!(text, " {}", self.message),
        };
        // Those of a panic are its thread and its backtrace.
        if let Some(fields) = self.fields.as_ref().filter(|_| !self.is_panic()) {
            let _ = write!(text, " {fields}");
        }
        text
    }
}

/// The level that this value is, by its name or by a number of pino.
fn level(value: &RawValue) -> Option<Level> {
    if let Some(number) = number(value) {
        return Some(match number {
            10 => Level::TRACE,
            20 => Level::DEBUG,
            30 => Level::INFO,
            40 => Level::WARN,
            50 | 60 => Level::ERROR,
            _ => return None,
        });
    }
    let name = string(value)?.to_ascii_lowercase();
    // Between its levels, slog writes `INFO+2` and `DEBUG-4`.
    let (name, is_below) = match name.split_once(['+', '-']) {
        Some((base, offset)) if offset.parse::<u32>().is_ok() => (base, name.contains('-')),
        _ => (&*name, false),
    };
    Some(match name {
        "trace" => Level::TRACE,
        "debug" if is_below => Level::TRACE,
        "debug" => Level::DEBUG,
        "info" if is_below => Level::DEBUG,
        "info" | "information" | "notice" => Level::INFO,
        "warn" | "warning" => Level::WARN,
        "error" | "err" | "fatal" | "critical" | "crit" | "panic" | "dpanic" | "alert"
        | "emerg" | "emergency" => Level::ERROR,
        _ => return None,
    })
}

fn is_numbered(level: Option<&RawValue>) -> bool {
    level.is_some_and(|level| number(level).is_some())
}

fn number(value: &RawValue) -> Option<u32> {
    serde_json::from_str(value.get()).ok()
}

/// Whether it is a string or a number, as times are.
fn scalar(value: &RawValue) -> Option<()> {
    value
        .get()
        .starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        .then_some(())
}

/// The spans, which are taken out of the record. `tracing-subscriber` names the innermost one twice.
fn spans(object: &mut Object<'_>) -> Option<String> {
    let all = object.take(&["spans"], |value| {
        let spans: Vec<Object<'_>> = serde_json::from_str(value.get()).ok()?;
        let spans: Option<Vec<_>> = spans.into_iter().map(span).collect();
        Some(spans?.join(":"))
    });
    let innermost = object.take(&["span"], |value| span(Object::read(value.get())?));
    all.or(innermost).filter(|spans| !spans.is_empty())
}

/// `save{page=3}`; `None` if it has no name.
fn span(mut span: Object<'_>) -> Option<String> {
    let mut text = span.take(&["name"], string)?;
    let mut before = "{";
    for (name, value) in span.members() {
        let _ = write!(text, "{before}{name}={value}");
        before = " ";
    }
    text.push_str(if before == " " { "}" } else { "" });
    Some(text)
}

#[cfg(test)]
mod tests;
