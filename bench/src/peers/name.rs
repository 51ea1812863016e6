//! The names of the peers, and what each of them takes part in.

use crate::rows::Row;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerName {
    Blocking,
    Tokio,
    Hyper,
    Goplug,
    /// As [`PeerName::Goplug`], by a spawned task of a multi-thread runtime.
    GoplugSpawned,
    /// As [`PeerName::Goplug`], by the main task of a multi-thread runtime.
    GoplugMain,
}

impl PeerName {
    pub(crate) const ALL: [Self; 6] = [
        Self::Blocking,
        Self::Tokio,
        Self::Hyper,
        Self::Goplug,
        Self::GoplugSpawned,
        Self::GoplugMain,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Tokio => "tokio",
            Self::Hyper => "hyper",
            Self::Goplug => "goplug",
            Self::GoplugSpawned => "goplug-spawned",
            Self::GoplugMain => "goplug-main",
        }
    }

    /// How it is named in a table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Blocking => "bare blocking socket",
            Self::Tokio => "bare tokio socket",
            Self::Hyper => "bare hyper",
            Self::Goplug => "**goplug**",
            Self::GoplugSpawned => "goplug, task of a multi-thread runtime",
            Self::GoplugMain => "goplug, main task of a multi-thread runtime",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Why it cannot be measured here, if it cannot.
    pub(crate) fn is_missing(self) -> Option<&'static str> {
        None
    }

    /// Whether it takes part in a row.
    pub(crate) fn has(self, row: Row) -> bool {
        let is_callbacks = matches!(row, Row::Callbacks | Row::JoinedCallbacks);
        match self {
            Self::GoplugSpawned | Self::GoplugMain => row == Row::Add,
            // One thread has one call in flight.
            Self::Blocking => row != Row::InFlight,
            Self::Hyper => !is_callbacks,
            _ => true,
        }
    }
}
