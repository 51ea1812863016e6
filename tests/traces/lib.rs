//! Plugins whose spans, and those of their host, are of one trace. Each program records its own spans,
//! and the plugins have a method that returns them.

pub mod front;
pub mod recorded;
pub mod store;
