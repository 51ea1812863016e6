//! Plugins for Rust programs, as processes of their own, called through typed clients.
//!
//! You annotate functions; they are a plugin. Your program, the *host*, calls them through a
//! generated client. Each call is one HTTP/1.1 request on a Unix socket. A plugin that
//! crashes takes nothing down with it, and never outlives its host.
//!
//! # A first plugin, and its host
//! Both are in one program here; they can as well be two.
//!
//! ```no_run
//! /// Calculates, in a process of its own.
//! #[goplug::plugin(namespace = "math")]
//! pub struct Calculator;
//!
//! /// Adds two integers.
//! #[goplug::method(Calculator)]
//! pub fn add(a: i64, b: i64) -> i64 {
//!     a + b
//! }
//!
//! fn main() -> goplug::Result<()> {
//!     goplug::embed!(Calculator); // in the plugin's process this serves, and does not return
//!     host()
//! }
//!
//! #[tokio::main]
//! async fn host() -> goplug::Result<()> {
//!     let registry = goplug::Registry::builder("plugins").embed::<Calculator>().start().await?;
//!     let calculator: CalculatorClient = registry.client().await?; // starts the plugin
//!     assert_eq!(calculator.add(2, 3).await?, 5);
//!     registry.stop().await?;
//!     Ok(())
//! }
//! ```
//!
//! # What to read next
//! | you want to | read |
//! |---|---|
//! | write a plugin | [`plugin`](macro@plugin), then [`method`] |
//! | give it state, or a contract that many plugins fulfil | [`plugin`](macro@plugin) |
//! | let it call its host | [`callback`] |
//! | let it use what its host offers | [`host()`], [`RegistryBuilder::provide`] |
//! | do something when it is loaded or unloaded | [`activate`], [`stop`] |
//! | make a program of it | [`main!`], or [`embed!`] within the host's |
//! | find, load and call plugins | [`Registry`], [`Plugin`] |
//! | do so from code that is not async | [`blocking`] |
//! | find out what went wrong, and whether a retry is safe | [`Error`], [`CallError`] |
//! | restart, confine, limit, watch, upgrade plugins | [`Policy`] and its [`Restart`], [`Sandbox`], [`Resources`], [`HealthCheck`] |
//! | get events about plugins | [`Event`] |
//! | know how long a caller waits, or tell it how far a call is | [`CallContext`], [`Progress`] |
//! | choose what a plugin says in the host's log | [`Policy::log_level`] |
//! | test a plugin, code that calls one, or a contract | [`testing`], [`Caller`] |
//! | call by name, with bytes; serve without annotations | [`Plugin::execute`], [`PluginServer`], [`raw`] |
//! | describe a plugin to tools that know OpenAPI | [`openapi`](openapi()) |
//! | know the default limits and times | [`limits`] |
//!
//! # Features
//! The first five are on by default.
//!
//! | feature | for |
//! |---|---|
//! | `plugin` | everything that a plugin's program needs |
//! | `host` | everything that a host needs: registry, supervision, policies, blocking clients |
//! | `hyper` | plugins that also answer odd HTTP requests: HTTP/1.0, absolute URLs, `HEAD` |
//! | `schema` | JSON Schemas of the types that derive `schemars::JsonSchema` |
//! | `logs` | what a plugin says with `tracing` or `log` reaches the log of its host, with its level and fields |
//! | `remote` | plugins on other machines: a program that serves the network with TLS, a host that calls it by a URL |
//! | `client` | the macro `client!`: the typed client of a plugin from its `.pconf` |
//! | `opentelemetry` | the spans of a host and of its plugins are of one trace |
//! | `metrics` | hosts that hand the statistics of plugins to the recorder of the crate `metrics` |
//!
//! A plugin's own package is smaller with `default-features = false, features = ["plugin"]`,
//! a host's with `["host"]`.
//!
//! # Schemas
//! Put `schemars = "1"` beside `serde` into your `Cargo.toml`, and derive `schemars::JsonSchema` on
//! the types of parameters, results, errors and configurations. Nothing else has to be done: a
//! plugin describes each type that has a schema, to everyone who asks. A type without a schema is
//! known by its spelling alone.
//!
//! The package is re-exported as [`schemars`], in the version that goplug uses: for schemas by hand,
//! and for `#[schemars(crate = "goplug::schemars")]`. schemars tells types apart by their module and
//! name, so two types of one name within two functions of one module count as one.
//!
//! # Stability
//! Everything here follows semantic versioning, except the hidden module `__private`, which is for
//! generated code. The crates `goplug-runtime` and `goplug-macros` promise nothing: use
//! them through this one.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
#[doc(inline)]
pub use goplug_macros::client;
#[doc(inline)]
pub use goplug_macros::{activate, callback, method, plugin, stop};
#[doc(inline)]
pub use goplug_runtime::bytes::Bytes;
#[doc(no_inline)]
pub use goplug_runtime::futures_core::Stream;
#[doc(inline)]
pub use goplug_runtime::protocol::{
    InvalidName, InvalidTraceparent, Permission, PluginId, Traceparent,
};
#[doc(inline)]
pub use goplug_runtime::typed::{
    BlockingCaller, CallContext, CallKey, CallRequest, CallbackHandler, CallbackStream, Caller,
    Client, Incoming, IncomingError, IncomingIter, NamedClient, PluginType, Progress, ResultIter,
    ResultStream, SentItem, Subscription,
};
#[doc(inline)]
pub use goplug_runtime::{CallError, Error, ErrorKind, MethodFailure, RemoteError, Result, limits};

#[cfg(feature = "schema")]
#[doc(no_inline)]
pub use goplug_runtime::schemars;

#[cfg(feature = "schema")]
#[doc(inline)]
pub use goplug_runtime::openapi::openapi;

#[cfg(all(feature = "host", feature = "remote"))]
pub use goplug_runtime::host::Remote;
#[cfg(feature = "host")]
#[doc(inline)]
pub use goplug_runtime::host::{
    Cgroup, DiscoveredPlugin, Event, Events, HealthCheck, InstanceStats, InvalidPublicKey, Latency,
    Learned, OnDenied, OnUnsupported, ParentDeathSignal, Plugin, Policy, PublicKey, Registry,
    RegistryBuilder, RejectedFile, Resources, Restart, Sandbox, ServiceStats, State, Stats,
};

/// For code that is not async: the same plugins, called by threads that block.
///
/// A registry of this kind is made by [`RegistryBuilder::start_blocking`]. A [`Plugin`](blocking::Plugin)
/// is also made from the [`Plugin`] of an async registry, with `into()`. In a plugin,
/// [`Host`](blocking::Host) is for methods that block.
#[cfg(any(feature = "host", feature = "plugin"))]
pub mod blocking {
    #[cfg(feature = "host")]
    #[doc(inline)]
    pub use goplug_runtime::host::blocking::{Plugin, Registry};
    #[cfg(feature = "plugin")]
    #[doc(inline)]
    pub use goplug_runtime::plugin::BlockingHost as Host;
}

#[cfg(feature = "plugin")]
#[doc(inline)]
pub use goplug_runtime::plugin::{
    Host, PluginServer, RegisteredCallback, RegisteredHost, ServerBuilder, host,
};
#[cfg(feature = "plugin")]
#[doc(inline)]
pub use goplug_runtime::typed::Configuration;

/// The values that a host and a plugin exchange.
///
/// A [`Descriptor`](protocol::Descriptor) says what a plugin offers; [`Plugin::descriptor`] returns
/// it. A [`Problem`](protocol::Problem) is an error on its way from one
/// process to the other; users of typed clients see it as an [`Error`] instead.
pub mod protocol {
    #[doc(inline)]
    pub use goplug_runtime::protocol::problem::Document;
    #[doc(inline)]
    pub use goplug_runtime::protocol::{
        CallbackDescriptor, Descriptor, MethodDescriptor, Parameter, Permissions, Problem,
        ProblemKind, ServiceDescriptor, TypeDescriptor,
    };
}

/// What a client and a plugin disagree on, known before the first call.
///
/// [`compare`](contract::compare) takes the descriptor that a client needs and the one that a plugin
/// offers, and gives each member a [`Verdict`](contract::Verdict).
#[cfg(any(feature = "host", feature = "schema"))]
pub mod contract {
    #[doc(inline)]
    pub use goplug_runtime::contract::{
        Comparison, Difference, Member, MemberKind, Verdict, compare,
    };
}

/// The layer below typed clients and annotations, for a [`Caller`] of your own or a
/// [`PluginServer`].
///
/// A call is a [`CallRequest`], whose body has a [`MediaType`](raw::MediaType). A callback is
/// a [`CallbackEvent`](raw::CallbackEvent), and a [`CallbackHandler`] answers it with a
/// [`Reply`](raw::Reply) or a [`Problem`](protocol::Problem). An
/// [`Expectation`](raw::Expectation) is what a client needs of its plugin: [`Caller::check`]
/// gets one. A [`PermissionsSpec`](raw::PermissionsSpec) is what a [`PluginType`] that was written by hand asks for.
pub mod raw {
    #[doc(inline)]
    pub use goplug_runtime::protocol::parts::{Part, PartsError};
    #[doc(inline)]
    pub use goplug_runtime::transport::Listener;
    #[doc(inline)]
    pub use goplug_runtime::typed::check::Returned;
    #[doc(inline)]
    pub use goplug_runtime::typed::{
        CallbackEvent, Expectation, HookOutcome, MediaType, PermissionsSpec, Reply, RequestItems,
        StreamedBody,
    };
}

/// What a plugin's program says with `tracing`, on its way to the log of its host.
///
/// [`main!`] and [`embed!`] see to it; [`layer`](log::layer) is for programs that install a subscriber
/// of their own.
#[cfg(feature = "logs")]
pub mod log {
    #[doc(inline)]
    pub use goplug_runtime::plugin::logs::layer;
}

pub mod testing;

#[cfg(feature = "plugin")]
mod program;

#[doc(hidden)]
pub mod __private;

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// So are those of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
mod guide {}

/// And those of the page on the call itself.
#[cfg(doctest)]
#[doc = include_str!("../../docs/calls.md")]
mod calls {}

/// And those of the page on services.
#[cfg(doctest)]
#[doc = include_str!("../../docs/services.md")]
mod services {}

/// And those of the page on logs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/logging.md")]
mod logging {}

/// And those of the page on tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
mod testing_page {}

/// And those of the page on streams.
#[cfg(doctest)]
#[doc = include_str!("../../docs/streams.md")]
mod streams_page {}

/// And those of the page on several processes.
#[cfg(doctest)]
#[doc = include_str!("../../docs/fleet.md")]
mod fleet_page {}
