//! Writing events.

#[cfg(feature = "plugin")]
use super::heading::Heading;
use super::scan::{line_end, printable};

/// Writes the numbered events of one stream.
#[cfg(feature = "plugin")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder {
    heading: Heading,
}

#[cfg(feature = "plugin")]
impl Encoder {
    /// About how many bytes such an event has.
    pub(crate) fn size(event: &str, data: &[u8]) -> usize {
        event.len() + data.len() + 40
    }

    /// Writes one event behind what is in `out`, as [`encode`] does.
    #[inline]
    pub(crate) fn encode(&mut self, out: &mut Vec<u8>, id: u64, event: &str, data: &[u8]) {
        self.heading.set(id, event);
        out.extend_from_slice(self.heading.text());
        encode_data(out, data);
        self.heading.count_up();
    }
}

/// Writes one event behind what is in `out`.
///
/// The decoder gives back what went in, but that line ends `\r` and `\r\n` within
/// `data` arrive as `\n`. `event` must hold no line end; method and callback names
/// never do.
pub fn encode(out: &mut Vec<u8>, id: Option<u64>, event: &str, data: &str) {
    if let Some(id) = id {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(id.to_string().as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    encode_data(out, data.as_bytes());
}

/// Writes what comes behind the first `data: `, and ends the event. Each line gets a field
/// of its own; there is always a last line.
#[inline]
fn encode_data(out: &mut Vec<u8>, mut data: &[u8]) {
    if printable(data) < data.len() {
        while let Some(end) = line_end(data) {
            out.extend_from_slice(&data[..end]);
            out.extend_from_slice(b"\ndata: ");
            let width = if data[end..].starts_with(b"\r\n") { 2 } else { 1 };
            data = &data[end + width..];
        }
    }
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
}
