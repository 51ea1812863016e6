//! Plugins for Rust programs, as processes of their own, called through typed
//! clients.

#[doc(inline)]
pub use goplug_macros::{activate, callback, method, plugin, stop};

#[doc(inline)]
pub use goplug_runtime::{CallError, Error, MethodFailure, RemoteError, Result};

#[doc(inline)]
pub use goplug_runtime::typed::{
    CallbackStream, Caller, Client, NamedClient, PluginType, Subscription,
};

#[doc(hidden)]
pub mod __private;

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
