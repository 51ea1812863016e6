//! The bare sockets, blocking and in tokio: the least that a call into another process costs.
//!
//! Start reading at [`frame`], what both sockets carry. [`respond`]
//! is the plugin, apart from reading and writing.

mod blocking;
mod frame;
mod respond;
mod tokio;

pub(crate) use self::blocking::Blocking;
pub(super) use self::blocking::serve as serve_blocking;
pub(super) use self::frame::Pair;
pub(crate) use self::tokio::Tokio;
pub(super) use self::tokio::serve as serve_tokio;
