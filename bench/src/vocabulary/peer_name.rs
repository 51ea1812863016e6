//! The names of the peers, on the command line and in tables.

/// The name of one way to call another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerName {
    Blocking,
    Tokio,
    Hyper,
    Goplug,
    /// Like [`PeerName::Goplug`], called from a spawned task of a multi-thread runtime.
    GoplugSpawned,
    /// Like [`PeerName::Goplug`], called from the main task of a multi-thread runtime.
    GoplugMain,
    /// Like [`PeerName::Goplug`], without busy polling.
    GoplugNoPolling,
    /// Like [`PeerName::Goplug`], with a plugin in a sandbox.
    GoplugSandboxed,
    /// Like [`PeerName::Goplug`], called by a host that is not async.
    GoplugBlocking,
    Tarpc,
    /// Like [`PeerName::Tarpc`], on four connections.
    Tarpc4,
    Tonic,
    Zbus,
    Vox,
    /// HashiCorp's go-plugin over gRPC.
    GoPlugin,
}

impl PeerName {
    /// All peers, in the order in which they take turns and stand in tables.
    pub(crate) const ALL: [Self; 15] = [
        Self::Blocking,
        Self::Tokio,
        Self::Hyper,
        Self::Goplug,
        Self::GoplugSpawned,
        Self::GoplugMain,
        Self::GoplugNoPolling,
        Self::GoplugSandboxed,
        Self::GoplugBlocking,
        Self::Tarpc,
        Self::Tarpc4,
        Self::Tonic,
        Self::Zbus,
        Self::Vox,
        Self::GoPlugin,
    ];

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Tokio => "tokio",
            Self::Hyper => "hyper",
            Self::Goplug => "goplug",
            Self::GoplugSpawned => "goplug-spawned",
            Self::GoplugMain => "goplug-main",
            Self::GoplugNoPolling => "goplug-no-polling",
            Self::GoplugSandboxed => "goplug-sandboxed",
            Self::GoplugBlocking => "goplug-blocking",
            Self::Tarpc => "tarpc",
            Self::Tarpc4 => "tarpc-4",
            Self::Tonic => "tonic",
            Self::Zbus => "zbus",
            Self::Vox => "vox",
            Self::GoPlugin => "go-plugin",
        }
    }

    /// The name in tables.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Blocking => "bare blocking socket",
            Self::Tokio => "bare tokio socket",
            Self::Hyper => "bare hyper",
            Self::Goplug => "**goplug**",
            Self::GoplugSpawned => "goplug, task of a multi-thread runtime",
            Self::GoplugMain => "goplug, main task of a multi-thread runtime",
            Self::GoplugNoPolling => "goplug, no busy polling",
            Self::GoplugSandboxed => "goplug, in a sandbox",
            Self::GoplugBlocking => "goplug, blocking client",
            Self::Tarpc => "tarpc, bincode",
            Self::Tarpc4 => "tarpc, bincode, 4 connections",
            Self::Tonic => "tonic",
            Self::Zbus => "zbus, peer to peer",
            Self::Vox => "vox, Unix socket",
            Self::GoPlugin => "go-plugin, gRPC",
        }
    }

    /// The peer of this name on the command line.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }
}
