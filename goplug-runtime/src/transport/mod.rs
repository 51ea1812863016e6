//! Listening and connecting: the only place that knows the platform.

mod listen;

pub use listen::{Listener, Peer, Stream};
