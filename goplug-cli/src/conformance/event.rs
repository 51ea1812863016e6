//! One event of a stream.

use std::collections::BTreeMap;

/// An event with its fields.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) traceparent: Option<String>,
    pub(super) data: String,
}

/// An event, unless it is one that a reader ignores.
pub(super) fn parsed(text: &str) -> Option<Event> {
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    // A stream may begin with the mark of its byte order.
    for line in text.trim_start_matches('\u{feff}').lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        fields.entry(name).or_default().push(value.strip_prefix(' ').unwrap_or(value));
    }
    let last = |name: &str| fields.get(name)?.last().map(|value| (*value).to_owned());
    Some(Event {
        id: last("id"),
        traceparent: last("traceparent"),
        name: last("event").unwrap_or_default(),
        data: fields.get("data")?.join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_fields() {
        let event = parsed("id: 7\nevent: tick\ndata: 1\ndata:2\n\n").unwrap();
        assert_eq!((event.id.as_deref(), event.name.as_str()), (Some("7"), "tick"));
        assert_eq!(event.data, "1\n2");
        assert_eq!(parsed(": a comment\n\n"), None);
    }
}
