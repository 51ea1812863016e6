//! The wire protocol as values: names, files, documents and events.
//!
//! Nothing here does I/O or imports the rest of the crate, except for `limits`. So every rule of
//! `docs/protocol.md` can be read, tested and fuzzed by itself. Start reading at `wire.rs`, the constants of
//! the protocol.

pub mod chain;
pub(crate) mod cut;
pub mod descriptor;
pub mod dialect;
pub(crate) mod edits;
pub mod event_stream;
pub(crate) mod header_json;
mod indented;
#[cfg(any(feature = "host", feature = "schema"))]
pub(crate) mod integer;
pub mod legacy;
mod lossless;
pub mod name;
pub(crate) mod null;
pub mod parts;
pub mod pconf;
pub mod permissions;
pub mod problem;
pub mod reference;
pub mod remote_url;
pub mod service;
pub mod spelling;
pub mod traceparent;
pub mod visible;
pub mod wire;
#[cfg(feature = "host")]
mod written_definitions;

pub use descriptor::{
    CallbackDescriptor, Descriptor, MethodDescriptor, Parameter, ServiceDescriptor, TypeDescriptor,
};
pub use dialect::Dialect;
pub(crate) use indented::indented;
pub(crate) use lossless::Lossless;
pub use name::{InvalidName, PluginId};
pub use pconf::{Pconf, PconfError};
pub use permissions::{Permission, Permissions};
pub use problem::{Problem, ProblemKind};
pub use remote_url::RemoteUrl;
pub use traceparent::{InvalidTraceparent, Traceparent};
pub use visible::visible;
#[cfg(feature = "host")]
pub(crate) use written_definitions::WrittenDefinitions;
