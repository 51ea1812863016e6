//! How well two sides fit.

use std::fmt;

use serde::Serialize;

/// How well two sides fit, from the best to the worst.
///
/// The verdict of a whole is the worst of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// Both sides say the same: the same fields, variants and ranges.
    Same,
    /// They differ, and every value arrives: a field more that has a default, a wider range, a
    /// field of a result that an older client does not know.
    Compatible,
    /// It cannot be decided: a side says nothing, or says it in a way that goplug does not compare.
    Unknown,
    /// Every value can be read, and something of it is lost: a field that nobody reads, digits of a
    /// number, a new variant that an older client cannot read.
    Lossy,
    /// Some value cannot be read.
    Incompatible,
}

impl Verdict {
    /// The verdict's name: `lossy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Compatible => "compatible",
            Self::Unknown => "unknown",
            Self::Lossy => "lossy",
            Self::Incompatible => "incompatible",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
