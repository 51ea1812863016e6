//! The event stream, `text/event-stream`: how callbacks and streams of items travel.
//!
//! The format is the WHATWG one, so that `curl -N` shows a stream and any language's
//! client reads it. The decoder takes its input in pieces of any size, which do not change the
//! events that it reads. Beside the current piece it holds at most one event of bounded size: a
//! peer that never ends an event causes an error, and the memory does not grow.
//!
//! Start reading at `decode/mod.rs` or `encode.rs`; `items.rs` reads streams of items, `reports.rs` calls
//! that report.

mod decode;
mod encode;
mod items;
mod prefix;
mod reports;
mod scan;
#[cfg(test)]
mod tests;

pub use decode::Decoder;
pub use encode::{Encoder, encode, encode_item, encode_with};
pub use items::{ItemEvent, ItemReader};
pub use reports::{CallEvent, CallReader};

use super::traceparent::Traceparent;

/// One event, borrowed from the decoder that has read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The last id of the stream, given by this event or an earlier one.
    pub id: Option<&'a [u8]>,
    /// The id as a number, if it is a decimal one.
    pub number: Option<u64>,
    /// The event's type; `message` if it names none.
    pub event: &'a str,
    /// The data, with `\n` between lines. It is valid UTF-8: the decoder has replaced other bytes.
    pub data: &'a [u8],
    /// The place in a trace at which the event was sent, if it names one.
    pub traceparent: Option<Traceparent>,
}

/// An event with memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedEvent {
    /// The last id of the stream, given by this event or an earlier one.
    pub id: Option<String>,
    /// The event's type; `message` if it names none.
    pub event: String,
    /// The data, with `\n` between lines.
    pub data: String,
}

impl From<Event<'_>> for OwnedEvent {
    fn from(Event { id, event, data, .. }: Event<'_>) -> Self {
        // The decoder makes sure that it is UTF-8.
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { id: id.map(text), event: event.to_owned(), data: text(data) }
    }
}

/// An event is larger than the decoder's limit. The rest of the stream cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {limit} bytes")]
pub struct EventTooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}
