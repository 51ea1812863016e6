//! What generated code calls: entries, arguments, results, the client's base.
//!
//! The macros emit data and one call into this module; every decision is made
//! here, where it is compiled once. None of this needs the `plugin` or the `host`
//! feature: a plugin type compiles on either side, and each side uses its half.

mod arguments;
mod call;
mod caller;
pub mod check;
mod client;
mod context;
mod entry;
mod expectation;
mod handler;
mod outcome;
mod plain;
mod scratch;
mod subscription;
mod wait;
mod whole;

pub use arguments::{Arguments, EncodeArguments, Raw};
pub use call::{
    Call, Configuration, Handler, Instance, MediaType, Reply, ReplyFuture, WrongInstance, receiver,
};
pub use caller::{BlockingCaller, CallRequest, Caller, NoHost};
pub use client::{Client, ClientBase, NamedClient};
pub use context::{Context, Emission, Notifier, Payload, ask, blocking, emit};
#[cfg(feature = "plugin")]
pub(crate) use entry::insert_sorted;
pub use entry::{
    Activator, CallbackSpec, Contract, ContractSpec, Dispatch, Entry, HookFuture, Item, MethodSpec,
    ParamSpec, PluginType, Stopper, Table, entries, table,
};
pub use expectation::Expectation;
#[cfg(feature = "host")]
pub(crate) use handler::Arrivals;
pub use handler::{CallbackEvent, CallbackHandler};
pub use outcome::{
    ErrorKind, ErrorKindFallback, ErrorOf, HookOutcome, Outcome, ResultKind, ResultKindFallback,
};
pub use plain::Plain;
pub use subscription::{CallbackStream, Subscription};
pub use wait::wait;
#[cfg(feature = "host")]
pub(crate) use wait::wait_until;
