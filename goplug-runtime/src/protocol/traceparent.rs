//! The place of a call in a distributed trace, as W3C Trace Context writes it.
//!
//! goplug hands it on and makes none: whoever records traces does.

use std::fmt;
use std::str::FromStr;

/// The length of the text of version 00, in bytes.
const LEN: usize = 55;

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// A W3C `traceparent`: which trace a call is a part of, and which span it was made in.
///
/// ```
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent: goplug::Traceparent = text.parse()?;
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), text);
/// # Ok::<(), goplug::InvalidTraceparent>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Traceparent {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

/// A text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a traceparent: expected `00-`, 32 hexadecimal digits, `-`, 16 more, `-`, and two flags"
)]
pub struct InvalidTraceparent;

impl Traceparent {
    /// A place in a trace. `None` if one of the two ids is zero, which none is.
    pub fn new(trace_id: u128, span_id: u64, is_sampled: bool) -> Option<Self> {
        let flags = if is_sampled { SAMPLED } else { 0 };
        let (trace_id, span_id) = (trace_id.to_be_bytes(), span_id.to_be_bytes());
        Self { trace_id, span_id, flags }.checked()
    }

    /// The id of the trace.
    pub fn trace_id(&self) -> u128 {
        u128::from_be_bytes(self.trace_id)
    }

    /// The id of the span that the call was made in.
    pub fn span_id(&self) -> u64 {
        u64::from_be_bytes(self.span_id)
    }

    /// Whether the caller records the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Reads a header. A later version may append fields, which are dropped.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (known, more) = text.trim_ascii().split_at_checked(LEN)?;
        let [version] = hex(known.get(..2)?)?;
        let ends_here = more.is_empty() || (version > 0 && more.starts_with(b"-"));
        let dashes = [2, 35, 52].iter().all(|at| known[*at] == b'-');
        if version == u8::MAX || !ends_here || !dashes {
            return None;
        }
        let [flags] = hex(&known[53..])?;
        let (trace_id, span_id) = (hex(&known[3..35])?, hex(&known[36..52])?);
        Self { trace_id, span_id, flags }.checked()
    }

    fn checked(self) -> Option<Self> {
        (self.trace_id() != 0 && self.span_id() != 0).then_some(self)
    }
}

/// Digits in lower case as bytes.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    (digits.len() == 2 * N).then_some(bytes)
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traceparent({self})")
    }
}

impl FromStr for Traceparent {
    type Err = InvalidTraceparent;

    fn from_str(text: &str) -> Result<Self, InvalidTraceparent> {
        Self::parse(text.as_bytes()).ok_or(InvalidTraceparent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written() {
        let parent: Traceparent = TEXT.parse().unwrap();
        assert_eq!(parent.to_string(), TEXT);
        assert_eq!(parent.trace_id(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(parent.span_id(), 0x00f0_67aa_0ba9_02b7);
        assert!(parent.is_sampled());
        assert_eq!(Traceparent::new(parent.trace_id(), parent.span_id(), true), Some(parent));
        assert_eq!(Traceparent::new(0, 1, true), None);
        assert_eq!(Traceparent::new(1, 0, false), None);
    }

    #[test]
    fn what_a_later_version_appends_is_dropped() {
        let later = TEXT.replacen("00-", "01-", 1);
        for text in [&later, &format!("{later}-more")] {
            assert_eq!(text.parse::<Traceparent>().unwrap().to_string(), TEXT, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (from, to) in [
            ("00-4b", "ff-4b"),
            ("00-4b", "0-4b"),
            ("4b", "4B"),
            ("4b", "4g"),
            ("-01", ""),
            ("-01", "-1"),
            ("-01", "_01"),
            ("-01", "-01-"),
            ("-01", "-01x"),
            ("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            ("00f067aa0ba902b7", "0000000000000000"),
        ] {
            let text = TEXT.replacen(from, to, 1);
            assert_eq!(text.parse::<Traceparent>(), Err(InvalidTraceparent), "{text}");
        }
        assert_eq!("01-4bf9".parse::<Traceparent>(), Err(InvalidTraceparent));
        assert_eq!("".parse::<Traceparent>(), Err(InvalidTraceparent));
    }
}
