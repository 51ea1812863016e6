//! Writing events.

use super::prefix::EventPrefix;
use super::scan::{EVENT_END, ITEM, line_end, printable_prefix};
use crate::protocol::traceparent::Traceparent;
use crate::protocol::wire;

/// Writes the numbered events of one stream. It keeps the text before the data from one event to
/// the next. So it is faster than [`encode`] if ids count up and the type stays the same.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    prefix: EventPrefix,
}

impl Encoder {
    /// The approximate number of bytes of an encoded event, which may name a place in a trace.
    pub fn size(event: &str, data: &[u8], trace: Option<&Traceparent>) -> usize {
        event.len() + data.len() + 40 + if trace.is_some() { TRACE } else { 0 }
    }

    /// Appends one event to `out`, as [`encode`] does, which may name a place in a trace.
    #[inline]
    pub fn encode(
        &mut self,
        out: &mut Vec<u8>,
        id: u64,
        event: &str,
        data: &[u8],
        trace: Option<&Traceparent>,
    ) {
        if let Some(trace) = trace {
            encode_trace(out, trace);
        }
        self.prefix.set(id, event);
        out.extend_from_slice(self.prefix.text());
        encode_data(out, data);
        self.prefix.increment();
    }
}

/// The number of bytes of the field that names a place in a trace.
const TRACE: usize = 69;

/// Writes the field that names a place in a trace. It comes first, so that the text from the id to the
/// data stays the same from one event to the next.
#[cold]
fn encode_trace(out: &mut Vec<u8>, trace: &Traceparent) {
    let field = format!("{}: {trace}\n", wire::HEADER_TRACEPARENT);
    out.extend_from_slice(field.as_bytes());
}

/// Appends one event to `out`.
///
/// The decoder returns the same event, except that the line ends `\r` and `\r\n` in `data`
/// become `\n`. `event` must not contain a line end; names of methods and callbacks never do.
pub fn encode(out: &mut Vec<u8>, id: Option<u64>, event: &str, data: &str) {
    if let Some(id) = id {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(id.to_string().as_bytes());
        out.push(b'\n');
    }
    begin(out, event);
    encode_data(out, data.as_bytes());
}

/// Appends one event whose data `write` appends. If that fails, nothing is appended.
///
/// # Errors
/// The error of `write`.
#[inline]
pub fn encode_with<E>(
    out: &mut Vec<u8>,
    event: &str,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let before = out.len();
    begin(out, event);
    finish(out, before, write)
}

/// Appends one item of a stream whose data `write` appends, as [`encode_with`] does.
///
/// # Errors
/// The error of `write`.
#[inline]
pub fn encode_item<E>(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let before = out.len();
    out.extend_from_slice(ITEM);
    finish(out, before, write)
}

/// Appends the data of an event that has begun at `before`, and its end.
#[inline]
fn finish<E>(
    out: &mut Vec<u8>,
    before: usize,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    if let Err(error) = write(out) {
        out.truncate(before);
        return Err(error);
    }
    let data = &out[start..];
    if printable_prefix(data) == data.len() || line_end(data).is_none() {
        out.extend_from_slice(EVENT_END);
    } else {
        let data = out.split_off(start);
        encode_data(out, &data);
    }
    Ok(())
}

/// Writes what comes before the data.
fn begin(out: &mut Vec<u8>, event: &str) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.as_bytes());
    out.extend_from_slice(b"\ndata: ");
}

/// Writes the data after the first `data: `, each further line with a `data: ` of its own, and ends
/// the event.
#[inline]
fn encode_data(out: &mut Vec<u8>, mut data: &[u8]) {
    if printable_prefix(data) < data.len() {
        while let Some(end) = line_end(data) {
            out.extend_from_slice(&data[..end]);
            out.extend_from_slice(b"\ndata: ");
            let width = if data[end..].starts_with(b"\r\n") { 2 } else { 1 };
            data = &data[end + width..];
        }
    }
    out.extend_from_slice(data);
    out.extend_from_slice(EVENT_END);
}
