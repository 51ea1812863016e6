//! The runtime of goplug, compiled once: generated code stays thin and calls it.
//!
//! Users depend on the `goplug` crate, which re-exports the public items; there is no promise of
//! stability here. The rooms, from the bottom, each of which imports only from rooms before it:
//! [`limits`] has every limit and default; `memory` gives memory away and takes it again; [`protocol`]
//! holds values and does no I/O; [`contract`] compares what two sides say of their values; `openapi`
//! describes a plugin in the words of OpenAPI; `error` has the errors of the public API; `panic` keeps
//! a panic of users' code where it happens; [`http1`] turns bytes into messages and messages into
//! bytes, also without I/O;
//! [`transport`] is the only place that knows the platform; [`typed`] is called by generated code;
//! `plugin` and `host` are the two sides, and never import each other; [`testing`] is for the tests of
//! users.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "host", feature = "schema"))]
pub mod contract;
mod error;
pub mod http1;
pub mod limits;
mod memory;
#[cfg(feature = "schema")]
pub mod openapi;
mod panic;
pub mod protocol;
pub mod testing;
pub mod transport;
pub mod typed;

#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "plugin")]
pub mod plugin;

pub use error::{CallError, Error, ErrorKind, ErrorText, MethodFailure, RemoteError, Result};

// `goplug` re-exports these for generated code and users, in the version that is used here.
#[cfg(feature = "schema")]
#[doc(hidden)]
pub use schemars;
#[doc(hidden)]
pub use {bytes, futures_core, inventory, serde, serde_json};
