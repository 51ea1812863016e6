//! Calls for hosts that are not async: plain sockets of the standard library, in the caller's
//! own thread.
//!
//! What is different from `host/call.rs` and `host/connection.rs` is only how one waits. The
//! run of the plugin, what a request says, what an answer means and what may be made again
//! are the same. A [`Plugin`] stands on the async handle; a [`Registry`] keeps a runtime on a
//! thread of its own, since starting, watching and stopping processes stays async.

mod call;
mod connection;
mod plugin;
mod registry;
mod runtime;

pub(super) use connection::Connection;

pub use plugin::Plugin;
pub use registry::Registry;
