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
    /// As [`PeerName::Goplug`], by a host that is not async.
    GoplugBlocking,
    Tarpc,
    /// As [`PeerName::Tarpc`], on four connections.
    Tarpc4,
    Tonic,
    Zbus,
    Vox,
    /// HashiCorp's go-plugin over gRPC.
    GoPlugin,
}

impl PeerName {
    pub(crate) const ALL: [Self; 13] = [
        Self::Blocking,
        Self::Tokio,
        Self::Hyper,
        Self::Goplug,
        Self::GoplugSpawned,
        Self::GoplugMain,
        Self::GoplugBlocking,
        Self::Tarpc,
        Self::Tarpc4,
        Self::Tonic,
        Self::Zbus,
        Self::Vox,
        Self::GoPlugin,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Tokio => "tokio",
            Self::Hyper => "hyper",
            Self::Goplug => "goplug",
            Self::GoplugSpawned => "goplug-spawned",
            Self::GoplugMain => "goplug-main",
            Self::GoplugBlocking => "goplug-blocking",
            Self::Tarpc => "tarpc",
            Self::Tarpc4 => "tarpc-4",
            Self::Tonic => "tonic",
            Self::Zbus => "zbus",
            Self::Vox => "vox",
            Self::GoPlugin => "go-plugin",
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
            Self::GoplugBlocking => "goplug, blocking client",
            Self::Tarpc => "tarpc, bincode",
            Self::Tarpc4 => "tarpc, bincode, 4 connections",
            Self::Tonic => "tonic",
            Self::Zbus => "zbus, peer to peer",
            Self::Vox => "vox",
            Self::GoPlugin => "go-plugin, gRPC",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Why it cannot be measured here, if it cannot.
    pub(crate) fn is_missing(self) -> Option<&'static str> {
        match self {
            Self::Vox => Some("it has no place in this program yet"),
            Self::GoPlugin => Some("it needs Go, and its program is not written yet"),
            _ => None,
        }
    }

    /// Whether it takes part in a row.
    pub(crate) fn has(self, row: Row) -> bool {
        let varies_only = match self {
            Self::GoplugSpawned | Self::GoplugMain => Some(Row::Add),
            Self::Tarpc4 => Some(Row::InFlight),
            _ => None,
        };
        varies_only.is_none_or(|only| only == row) && self.lacks(row).is_none()
    }

    /// What it lacks for a row, if it lacks something.
    pub(crate) fn lacks(self, row: Row) -> Option<&'static str> {
        let is_callbacks = matches!(row, Row::Callbacks | Row::JoinedCallbacks);
        match self {
            Self::Blocking | Self::GoplugBlocking if row == Row::InFlight => {
                Some("a thread has one call in flight")
            }
            Self::GoplugBlocking if is_callbacks => Some("its host takes them as goplug's does"),
            Self::GoplugBlocking if row == Row::Instructions => {
                Some("valgrind cannot follow its start")
            }
            Self::GoplugBlocking if row == Row::Memory => Some("the plugin is the same"),
            Self::Hyper if is_callbacks => Some("it has no callbacks of its own"),
            Self::Tarpc if is_callbacks => Some("it has neither callbacks nor streams"),
            Self::Tonic if row == Row::Callbacks => {
                Some("its HTTP/2 takes so many small frames for an attack, and hangs up")
            }
            Self::Zbus if row == Row::JoinedCallbacks => Some("it joins no signals"),
            _ => None,
        }
    }
}
