//! The words of the benchmark: what is compared (peers), what is measured (rows), how much of
//! it (scale) and where the processes run (placement), and the traits through which a row
//! calls a peer.
//!
//! This room holds names, constants and pure functions. It starts no process and opens no
//! file, and it imports from no other room. Start reading at [`peer`], then [`row_name`].
//!
//! The rooms in order, each of which imports only from rooms before it: `vocabulary`,
//! `programs`, `processes`, `peers`, `rows`, `matrix`, `results`, `render`, `command_line`. In
//! addition, `rows` never imports from `peers`.

mod figures;
mod peer;
mod peer_name;
mod placement;
mod row_name;
mod scale;
pub(crate) mod stats;
pub(crate) mod workload;

pub(crate) use self::peer::{Callbacks, Client, Peer, PluginProgram, UNSUPPORTED};
pub(crate) use self::peer_name::PeerName;
pub(crate) use self::placement::Placement;
pub(crate) use self::row_name::RowName;
pub(crate) use self::scale::Scale;
