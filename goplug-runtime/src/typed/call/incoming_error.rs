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

    /// The caller's own stream has failed: it gave an error in the place of an item.
    #[error("the caller's stream has failed: {}", Lines(reason))]
    Sender {
        /// The text of the caller's error.
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
        match serde_json::from_slice::<Problem>(problem) {
            Ok(problem) => Self::Sender { reason: problem.detail.clone() },
            Err(_) => Self::cut_off("its sender failed"),
        }
    }
}
