//! The calls that a call is within, as it tells the next one.
//!
//! The names are separated by commas, the outermost first. All but the characters that a URL has as they
//! are, and `/`, is percent-encoded, so that a chain can be the value of a header and a part of an
//! event's type.

use std::fmt;

use super::visible::visible;
use super::wire::{is_unreserved, percent_decoded};
use crate::limits;

/// Names of calls that are within each other, such as `acme.Report/render` and `Database/query`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain(String);

impl Chain {
    /// Reads a chain as it was sent; `None` if it is longer than a chain can be, or is none.
    pub fn read(text: &[u8]) -> Option<Self> {
        let is_part = |byte: &u8| is_unreserved(*byte) || b"/%,".contains(byte);
        let text = text.trim_ascii();
        let is_chain = text.len() <= limits::CHAIN_BYTES && text.iter().all(is_part);
        let chain = is_chain.then(|| Self(String::from_utf8_lossy(text).into_owned()))?;
        let decodes = chain.names().all(|name| percent_decoded(name).is_some());
        decodes.then_some(chain)
    }

    /// The chain as it is sent; empty outside of every call.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The chain of a call of this method within this one.
    #[must_use]
    pub fn with(&self, owner: &str, method: &str) -> Self {
        let mut text = self.0.clone();
        if !text.is_empty() {
            text.push(',');
        }
        for (index, part) in [owner, method].into_iter().enumerate() {
            if index > 0 {
                text.push('/');
            }
            for byte in part.bytes() {
                if is_unreserved(byte) {
                    text.push(char::from(byte));
                } else {
                    text.push_str(&format!("%{byte:02X}"));
                }
            }
        }
        Self(text)
    }

    /// Whether no further call may be made within this one.
    pub fn is_full(&self) -> bool {
        self.names().count() >= limits::CHAIN_DEPTH || self.0.len() >= limits::CHAIN_BYTES
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }
}

/// For people: `acme.Report/render > Database/query`.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            if index > 0 {
                f.write_str(" > ")?;
            }
            let name = percent_decoded(name).unwrap_or_default();
            f.write_str(&visible(&name))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_reads_back_from_its_text_and_shows_every_name() {
        let chain = Chain::default().with("acme.Report", "render").with("Database", "straße; a,b%");
        assert_eq!(chain.as_str(), "acme.Report/render,Database/stra%C3%9Fe%3B%20a%2Cb%25");
        assert_eq!(Chain::read(chain.as_str().as_bytes()), Some(chain.clone()));
        assert_eq!(chain.to_string(), "acme.Report/render > Database/straße; a,b%");
        assert_eq!(Chain::read(b""), Some(Chain::default()));
        for bad in [&b"a b"[..], b"a;b", b"a%zz", b"%ff", "ä".as_bytes(), b"a\r\nb"] {
            assert_eq!(Chain::read(bad), None, "{bad:?}");
        }
        assert_eq!(Chain::read(&vec![b'a'; limits::CHAIN_BYTES + 1]), None);
    }

    #[test]
    fn a_chain_has_a_bounded_depth_and_length() {
        let mut chain = Chain::default();
        for _ in 0..limits::CHAIN_DEPTH {
            assert!(!chain.is_full());
            chain = chain.with("A", "m");
        }
        assert!(chain.is_full());
        assert!(Chain::default().with("A", &"m".repeat(limits::CHAIN_BYTES)).is_full());
    }
}
