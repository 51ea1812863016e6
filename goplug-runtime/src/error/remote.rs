//! An error that was sent without its type.

use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ErrorKind;
use crate::limits;
use crate::protocol::null;
use crate::protocol::visible::Lines;

/// An error that was sent without its type: its text, and the texts of its causes.
/// `anyhow::Error` and [`Error`](crate::Error) arrive as this type.
///
/// It is shown as `anyhow::Error` is: `{}` is its own text, `{:#}` adds the causes on the same
/// line, `a: b: c`, and [`source`](StdError::source) leads to the nearest cause, so that
/// whatever prints a chain of errors prints this one. If the method failed with an [`Error`](crate::Error) of goplug's,
/// since it called a plugin itself, [`kind`](Self::kind) says which.
///
/// ```
/// use goplug::RemoteError;
///
/// let error = RemoteError::new("the page was not saved", vec!["the disk is full".into()]);
/// assert_eq!(error.to_string(), "the page was not saved");
/// assert_eq!(format!("{error:#}"), "the page was not saved: the disk is full");
/// assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is full");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Texts")]
pub struct RemoteError {
    message: String,
    chain: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<ErrorKind>,
    #[serde(skip)]
    cause: Option<Box<Cause>>,
}

/// A [`RemoteError`] as it is sent.
#[derive(Deserialize)]
struct Texts {
    message: String,
    #[serde(default, deserialize_with = "null::or_default")]
    chain: Vec<String>,
    #[serde(default, deserialize_with = "ErrorKind::optional")]
    kind: Option<ErrorKind>,
}

impl From<Texts> for RemoteError {
    fn from(Texts { message, chain, kind }: Texts) -> Self {
        Self { kind, ..Self::new(message, chain) }
    }
}

impl RemoteError {
    /// An error with this text, and the texts of its causes, nearest first.
    pub fn new(message: impl Into<String>, chain: Vec<String>) -> Self {
        let cause = Cause::nearest(&chain);
        Self { message: message.into(), chain, kind: None, cause }
    }

    /// The error's text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The texts of its causes, nearest first.
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// Which of goplug's errors it was, or was caused by; `None` if by none.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }

    /// The same error, which was one of goplug's.
    pub(super) fn with_kind(self, kind: Option<ErrorKind>) -> Self {
        Self { kind, ..self }
    }
}

impl fmt::Debug for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteError")
            .field("message", &self.message)
            .field("chain", &self.chain)
            .field("kind", &self.kind)
            .finish()
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Lines(&self.message))?;
        if f.alternate() {
            self.chain.iter().try_for_each(|cause| write!(f, ": {}", Lines(cause)))?;
        }
        Ok(())
    }
}

impl StdError for RemoteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// A cause, of which only the text has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cause {
    text: String,
    cause: Option<Box<Cause>>,
}

impl Cause {
    /// The nearest cause, which holds the others. Causes are dropped one within the other, so
    /// there are only so many, however many texts a peer sends.
    fn nearest(chain: &[String]) -> Option<Box<Self>> {
        let kept = &chain[..chain.len().min(limits::REMOTE_CAUSES)];
        kept.iter()
            .rev()
            .fold(None, |cause, text| Some(Box::new(Self { text: text.clone(), cause })))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Lines(&self.text))
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    fn causes(error: &dyn StdError) -> Vec<String> {
        iter::successors(error.source(), |&error| error.source()).map(ToString::to_string).collect()
    }

    #[test]
    fn the_chain_of_an_error_arrives_as_causes() {
        let sent = anyhow::anyhow!("no space").context("page 3").context("saving");
        let text = serde_json::to_string(&RemoteError::from(&sent)).unwrap();
        assert_eq!(text, r#"{"message":"saving","chain":["page 3","no space"]}"#);
        let read: RemoteError = serde_json::from_str(&text).unwrap();
        assert_eq!(causes(&read), ["page 3", "no space"]);
        assert_eq!(format!("{:#}", anyhow::Error::from(read)), "saving: page 3: no space");
    }

    #[test]
    fn an_error_without_a_chain_of_its_own_has_no_cause() {
        let read: RemoteError = serde_json::from_str(r#"{"message":"no"}"#).unwrap();
        assert!(read.source().is_none());
        assert_eq!(format!("{read:#}"), "no");
    }

    #[test]
    fn a_chain_of_a_million_causes_is_read_and_dropped() {
        let error = RemoteError::new("no", vec![String::new(); 1_000_000]);
        assert_eq!(error.chain().len(), 1_000_000);
        assert_eq!(causes(&error).len(), limits::REMOTE_CAUSES);
    }
}
