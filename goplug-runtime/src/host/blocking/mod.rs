//! The same for hosts that are not async: each call blocks its thread, on a plain socket.
//!
//! Only how a call waits is different, and that stands in `connection` and `instance`. A
//! [`Plugin`] stands on the async handle; a [`Registry`] keeps a runtime on a thread of its
//! own, since starting, watching and stopping processes stays async. The last room of the host:
//! it may import all others.

mod plugin;
mod registry;
mod runtime;

pub use plugin::Plugin;
pub use registry::Registry;
