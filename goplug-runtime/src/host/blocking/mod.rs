//! Registry and plugin handles for hosts that are not async. Each call blocks its thread, on a
//! blocking socket.
//!
//! A blocking call differs from an async one only in how it waits, which is decided in
//! `connection` and `instance`. A [`Plugin`] wraps the async handle. A [`Registry`] has a runtime
//! on a thread of its own, since starting, watching and stopping processes stays async. This is
//! the last room of the host, and may import all others. Start reading at `plugin`.

mod plugin;
mod registry;
mod runtime;

pub use plugin::Plugin;
pub use registry::Registry;
