#![doc = include_str!("../README.md")]

#[doc(inline)]
pub use goplug_macros::{activate, callback, method, plugin, stop};

#[doc(inline)]
pub use goplug_runtime::bytes::Bytes;
#[doc(inline)]
pub use goplug_runtime::protocol::PluginId;
#[doc(inline)]
pub use goplug_runtime::typed::{
    CallRequest, CallbackHandler, CallbackStream, Caller, Client, NamedClient, PluginType,
    Subscription,
};
#[doc(inline)]
pub use goplug_runtime::{CallError, Error, MethodFailure, RemoteError, Result, limits};

#[cfg(feature = "host")]
#[doc(inline)]
pub use goplug_runtime::host::{
    DiscoveredPlugin, Event, Events, Plugin, Registry, RegistryBuilder, State,
};
#[cfg(feature = "plugin")]
#[doc(inline)]
pub use goplug_runtime::plugin::{PluginServer, RegisteredCallback, RegisteredHost, ServerBuilder};
#[cfg(feature = "plugin")]
#[doc(inline)]
pub use goplug_runtime::typed::Configuration;

#[cfg(feature = "plugin")]
mod program;

#[doc(hidden)]
pub mod __private;
