//! For generated code only. Nothing in here is covered by semantic versioning.

pub use goplug_runtime::typed::{
    BlockingCaller, Call, CallbackSpec, CallbackStream, Caller, Client, ClientBase, Configuration,
    Contract, ContractSpec, Dispatch, Entry, ErrorKind, ErrorKindFallback, ErrorOf, Expectation,
    HookFuture, HookOutcome, Instance, Item, MethodSpec, NamedClient, Outcome, ParamSpec,
    PluginType, Raw, Reply, ReplyFuture, ResultKind, ResultKindFallback, Subscription, ask,
    blocking, check, emit, receiver, wait,
};
pub use goplug_runtime::{CallError, Error, RemoteError, Result};
pub use goplug_runtime::{bytes::Bytes, inventory};

/// What a client calls through unless it is told otherwise: the host's handle of a
/// plugin, or nobody in a program without the `host` feature.
#[cfg(feature = "host")]
pub use goplug_runtime::host::Plugin as DefaultCaller;
#[cfg(not(feature = "host"))]
pub use goplug_runtime::typed::NoHost as DefaultCaller;

/// The same for clients that block.
#[cfg(feature = "host")]
pub use goplug_runtime::host::blocking::Plugin as DefaultBlockingCaller;
#[cfg(not(feature = "host"))]
pub use goplug_runtime::typed::NoHost as DefaultBlockingCaller;

#[cfg(feature = "plugin")]
pub use goplug_runtime::plugin::program::{Options, embed, main};
