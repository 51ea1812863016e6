//! The runtime of goplug, compiled once: generated code stays thin and calls it.
//!
//! Users depend on the `goplug` crate, which re-exports what is public here. The
//! layers, from the bottom: [`protocol`] holds values and does no I/O;
//! [`transport`] is the only place that knows the platform; [`http1`] makes messages of
//! bytes and bytes of messages, without I/O either; [`typed`] is what generated code
//! calls; `plugin` and `host` are the two sides, and never import each other.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
pub mod http1;
pub mod limits;
pub mod protocol;
pub mod transport;
pub mod typed;

#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "plugin")]
pub mod plugin;

pub use error::{CallError, Error, MethodFailure, RemoteError, Result};

// Generated code and user code name these through `goplug`, at the version in use here.
#[doc(hidden)]
pub use {bytes, inventory};
