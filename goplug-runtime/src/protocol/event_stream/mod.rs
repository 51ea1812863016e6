//! The event stream, `text/event-stream`: how callbacks and streamed results travel.
//!
//! The format is the WHATWG one, so that `curl -N` shows a stream and any language's
//! client reads it. The decoder takes its input in whatever pieces the network
//! makes, and holds at most one event of bounded size beside the piece at hand: a
//! peer that never ends an event costs an error, not memory. What it makes of a stream
//! does not depend on the pieces.

mod decode;
mod encode;
mod heading;
mod scan;
#[cfg(test)]
mod tests;

pub use decode::Decoder;
#[cfg(feature = "plugin")]
pub(crate) use encode::Encoder;
pub use encode::encode;

/// One event, as long as the decoder that has read it reads no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The last id that the stream has named, with this event or before it.
    pub id: Option<&'a [u8]>,
    /// The same as a number, where it is a decimal one.
    pub number: Option<u64>,
    /// The event's type; `message` where it names none.
    pub event: &'a str,
    /// The data, with `\n` between lines. It is text: what is no UTF-8 has been replaced.
    pub data: &'a [u8],
}

/// An event that outlives its decoder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedEvent {
    /// The last id that the stream has named, with this event or before it.
    pub id: Option<String>,
    /// The event's type; `message` where it names none.
    pub event: String,
    /// The data, with `\n` between lines.
    pub data: String,
}

impl From<Event<'_>> for OwnedEvent {
    fn from(Event { id, event, data, .. }: Event<'_>) -> Self {
        // All of it is text already.
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { id: id.map(text), event: event.to_owned(), data: text(data) }
    }
}

/// An event that is larger than the decoder's limit. The stream is of no further use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {limit} bytes")]
pub struct EventTooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}
