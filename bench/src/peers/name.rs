//! The names of the peers, and what each of them takes part in.

use super::End;
use crate::programs;
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
    /// As [`PeerName::Goplug`], with busy polling.
    GoplugBusy,
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
    pub(crate) const ALL: [Self; 14] = [
        Self::Blocking,
        Self::Tokio,
        Self::Hyper,
        Self::Goplug,
        Self::GoplugSpawned,
        Self::GoplugMain,
        Self::GoplugBusy,
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
            Self::GoplugBusy => "goplug-busy",
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
            Self::GoplugBusy => "goplug, busy polling",
            Self::GoplugBlocking => "goplug, blocking client",
            Self::Tarpc => "tarpc, bincode",
            Self::Tarpc4 => "tarpc, bincode, 4 connections",
            Self::Tonic => "tonic",
            Self::Zbus => "zbus, peer to peer",
            Self::Vox => "vox, Unix socket",
            Self::GoPlugin => "go-plugin, gRPC",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Why it cannot be measured here, if it cannot.
    pub(crate) fn is_missing(self) -> Option<String> {
        if self == Self::GoPlugin { programs::missing_of_go() } else { None }
    }

    /// Whether it is another way to call than the peer whose name it begins with, and the
    /// same in all else.
    fn is_variant(self) -> bool {
        matches!(
            self,
            Self::GoplugSpawned
                | Self::GoplugMain
                | Self::GoplugBusy
                | Self::GoplugBlocking
                | Self::Tarpc4
        )
    }

    /// The peer whose own program a row needs, of this peer.
    pub(crate) fn program(self, row: Row) -> Option<Self> {
        match self {
            Self::GoPlugin => Some(self),
            _ if row.end() == End::Shared => None,
            Self::GoplugBlocking => Some(Self::Goplug),
            _ => Some(self),
        }
    }

    /// Whether it takes part in a row.
    pub(crate) fn has(self, row: Row) -> bool {
        let is_told_of = match self {
            Self::GoplugSpawned | Self::GoplugMain => row == Row::Add,
            Self::GoplugBusy => matches!(row, Row::Add | Row::InFlight),
            Self::Tarpc4 => row == Row::InFlight,
            _ => match row {
                // Of all, it alone has a folder that it watches.
                Row::Discover => self == Self::Goplug,
                Row::Memory | Row::Size | Row::Crates | Row::Build => !self.is_variant(),
                _ => true,
            },
        };
        is_told_of && self.lacks(row).is_none()
    }

    /// What it lacks for a row, if it lacks something.
    pub(crate) fn lacks(self, row: Row) -> Option<&'static str> {
        match row {
            Row::InFlight | Row::BesideSlow => self.lacks_concurrency(),
            Row::Callbacks | Row::JoinedCallbacks => self.lacks_callbacks(row),
            Row::IdleHost if self == Self::GoplugBlocking => {
                Some("its registry is goplug's, on a thread of its own")
            }
            Row::Instructions if self == Self::GoplugBlocking => {
                Some("valgrind cannot follow its start")
            }
            Row::Instructions if self == Self::GoPlugin => {
                Some("valgrind does not get along with Go's stacks")
            }
            Row::Crates if self == Self::GoPlugin => Some("Go has packages"),
            _ => None,
        }
    }

    fn lacks_concurrency(self) -> Option<&'static str> {
        matches!(self, Self::Blocking | Self::GoplugBlocking)
            .then_some("a thread has one call in flight")
    }

    fn lacks_callbacks(self, row: Row) -> Option<&'static str> {
        match self {
            Self::GoplugBlocking => Some("its host takes them as goplug's does"),
            Self::Hyper => Some("it has no callbacks of its own"),
            Self::Tarpc => Some("it has neither callbacks nor streams"),
            Self::Tonic if row == Row::Callbacks => {
                Some("its HTTP/2 takes so many small frames for an attack, and hangs up")
            }
            Self::GoPlugin if row == Row::Callbacks => {
                Some("its writer joins what comes, whatever runs between")
            }
            Self::Zbus if row == Row::JoinedCallbacks => Some("it joins no signals"),
            _ => None,
        }
    }
}
