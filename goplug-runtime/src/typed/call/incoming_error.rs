//! Why a stream of arguments has failed.

use crate::protocol::Problem;
use crate::protocol::visible::Lines;

/// Why there are no more items of an [`Incoming`](super::Incoming) stream, although it is not complete.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IncomingError {
    /// The caller has gone away, has given up, or its connection broke, before the last item.
    #[error("the stream was cut off: {}", Lines(reason))]
    CutOff {
        /// What has happened, for people.
        reason: String,
    },

    /// An item is not of the type of the parameter.
    #[error("an item of the stream is not a `{expected}`: {}", Lines(source))]
    Decode {
        /// The type of the items.
        expected: &'static str,
        /// The decoder's error.
        #[source]
        source: serde_json::Error,
    },

    /// An item is larger than the largest body that the plugin accepts.
    #[error("an item of the stream is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

impl IncomingError {
    pub(crate) fn cut_off(reason: impl Into<String>) -> Self {
        Self::CutOff { reason: reason.into() }
    }

    /// The error of a stream that its sender has ended with this problem document.
    pub(crate) fn of_sender(problem: &[u8]) -> Self {
        let problem: Option<Problem> = serde_json::from_slice(problem).ok();
        Self::cut_off(problem.as_ref().map_or("its sender failed", |problem| &problem.detail))
    }
}
