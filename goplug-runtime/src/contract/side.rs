//! The two sides, and which of them writes.

use super::node::Node;

/// A side of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Client,
    Plugin,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Client => Self::Plugin,
            Self::Plugin => Self::Client,
        }
    }

    /// As the subject of a sentence.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Client => "the client",
            Self::Plugin => "the plugin",
        }
    }
}

/// A place on both sides.
#[derive(Clone, Debug)]
pub(super) struct Pair<'a> {
    /// The side that writes.
    pub(super) writer: Side,
    /// What it writes.
    pub(super) written: Node<'a>,
    /// What the other side reads.
    pub(super) read: Node<'a>,
}
