//! Which peer takes part in which row, and why others do not.

use crate::programs;
use crate::rows::instructions;
use crate::vocabulary::{PeerName, PluginProgram, RowName};

/// Why a row cannot be measured on this machine. `None` if it can.
pub(super) fn why_row_is_unavailable(row: RowName) -> Option<&'static str> {
    (row == RowName::Instructions && !instructions::is_possible()).then_some("there is no valgrind")
}

/// Why a peer cannot be measured on this machine. `None` if it can.
pub(super) fn why_peer_is_unavailable(peer: PeerName) -> Option<String> {
    if peer == PeerName::GoPlugin { programs::missing_go_packages() } else { None }
}

/// Whether a peer is measured in a row.
pub(super) fn takes_part(peer: PeerName, row: RowName) -> bool {
    let is_interesting = match peer {
        PeerName::GoplugMain => row == RowName::Add,
        PeerName::GoplugSpawned => {
            matches!(row, RowName::Add | RowName::Rare | RowName::Service)
        }
        PeerName::GoplugNoPolling => {
            matches!(row, RowName::Add | RowName::Rare | RowName::InFlight)
        }
        PeerName::GoplugSandboxed => row == RowName::Start,
        PeerName::Tarpc4 => row == RowName::InFlight,
        _ => match row {
            // Only goplug has a folder that it watches, compares types before a call, and has several
            // processes of one plugin.
            RowName::Discover | RowName::Bind | RowName::Instances => peer == PeerName::Goplug,
            RowName::Memory | RowName::Size | RowName::Crates | RowName::Build => !is_variant(peer),
            _ => true,
        },
    };
    is_interesting && why_unsupported(peer, row).is_none()
}

/// Why a row cannot be measured with a peer on any machine. `None` if it can.
pub(super) fn why_unsupported(peer: PeerName, row: RowName) -> Option<&'static str> {
    match row {
        RowName::InFlight | RowName::BesideSlow => why_not_concurrent(peer),
        RowName::Callbacks | RowName::JoinedCallbacks => why_no_callbacks(peer, row),
        RowName::ReceiveItems | RowName::SendItems => why_no_items(peer, row),
        RowName::ReceiveChunks | RowName::SendChunks => why_no_chunks(peer),
        RowName::BytesBeside => why_no_bytes_beside(peer),
        RowName::Service => why_no_services(peer),
        RowName::IdleHost if peer == PeerName::GoplugBlocking => {
            Some("its registry is goplug's, on a thread of its own")
        }
        RowName::Instructions if peer == PeerName::GoplugBlocking => {
            Some("valgrind cannot follow its start")
        }
        RowName::Instructions if peer == PeerName::GoPlugin => {
            Some("valgrind does not get along with Go's stacks")
        }
        RowName::Crates if peer == PeerName::GoPlugin => Some("Go has packages"),
        _ => None,
    }
}

/// The peer whose dedicated program has to be built for a peer in a row. `None` if that pair
/// needs only the benchmark's own program.
pub(super) fn required_program(peer: PeerName, row: RowName) -> Option<PeerName> {
    match (peer, row.plugin_program()) {
        (PeerName::GoPlugin, _) => Some(peer),
        (_, PluginProgram::Shared) => None,
        (PeerName::GoplugBlocking | PeerName::GoplugSandboxed, PluginProgram::Dedicated) => {
            Some(PeerName::Goplug)
        }
        (_, PluginProgram::Dedicated) => Some(peer),
    }
}

/// Whether a peer differs from another one only in how its host calls.
fn is_variant(peer: PeerName) -> bool {
    matches!(
        peer,
        PeerName::GoplugSpawned
            | PeerName::GoplugMain
            | PeerName::GoplugNoPolling
            | PeerName::GoplugSandboxed
            | PeerName::GoplugBlocking
            | PeerName::Tarpc4
    )
}

fn why_not_concurrent(peer: PeerName) -> Option<&'static str> {
    matches!(peer, PeerName::Blocking | PeerName::GoplugBlocking)
        .then_some("a thread has one call in flight")
}

fn why_no_bytes_beside(peer: PeerName) -> Option<&'static str> {
    let is_measured = matches!(peer, PeerName::Goplug | PeerName::GoplugBlocking);
    (!is_measured).then_some("to it, bytes alone are not another kind of argument")
}

fn why_no_services(peer: PeerName) -> Option<&'static str> {
    match peer {
        PeerName::Goplug | PeerName::GoplugSpawned => None,
        PeerName::GoplugBlocking => Some("its host answers as goplug's does"),
        PeerName::Vox | PeerName::Zbus => Some("its calls back are not measured"),
        _ => Some("it has no calls back with an answer"),
    }
}

fn why_no_items(peer: PeerName, row: RowName) -> Option<&'static str> {
    match peer {
        PeerName::Goplug | PeerName::GoplugBlocking | PeerName::Tonic => None,
        PeerName::Tokio if row == RowName::ReceiveItems => None,
        PeerName::Vox | PeerName::GoPlugin if row == RowName::ReceiveItems => None,
        PeerName::Tarpc => Some("it has neither callbacks nor streams"),
        _ => Some("its stream is not measured"),
    }
}

fn why_no_chunks(peer: PeerName) -> Option<&'static str> {
    let is_measured = matches!(peer, PeerName::Goplug | PeerName::GoplugBlocking | PeerName::Tokio);
    (!is_measured).then_some("it has messages, and no stream of bytes")
}

fn why_no_callbacks(peer: PeerName, row: RowName) -> Option<&'static str> {
    match peer {
        PeerName::GoplugBlocking => Some("its host takes them as goplug's does"),
        PeerName::Hyper => Some("it has no callbacks of its own"),
        PeerName::Tarpc => Some("it has neither callbacks nor streams"),
        PeerName::Tonic if row == RowName::Callbacks => {
            Some("its HTTP/2 takes so many small frames for an attack, and hangs up")
        }
        PeerName::GoPlugin if row == RowName::Callbacks => {
            Some("its writer joins what comes, whatever runs between")
        }
        PeerName::Zbus if row == RowName::JoinedCallbacks => Some("it joins no signals"),
        _ => None,
    }
}
