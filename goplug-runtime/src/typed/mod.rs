//! What generated code calls: entries, arguments, results, the client's base.
//!
//! The macros emit data and one call into this module; every decision is made here, where it is
//! compiled once. None of this needs the `plugin` or the `host` feature: a plugin type compiles
//! on either side, and each side uses its half.
//!
//! The rooms, in their order; each imports only from the rooms above it. Specifications are
//! first, because the codec names parameters in its errors. `table` is below `call`, because
//! entries hold function pointers that take a `Call`. `client` is last, because clients register
//! handlers of callbacks.
//!
//! | room | what it is for |
//! |---|---|
//! | `declare` | names and signatures, and what their types have to be |
//! | `codec` | values to bodies and back, with the fast paths |
//! | `call` | one call as its handler sees it, and the plugin that it runs within |
//! | `callback` | callbacks out of a plugin and into a host |
//! | `table` | the entries of a program, gathered and checked; what a client expects |
//! | `client` | the base of generated clients, and what they call through |
//!
//! Start with `client/base.rs` for a call that a host sends, and with `call/invocation.rs` for a
//! call that a plugin receives. `typed` imports [`crate::protocol`] and the errors, nothing else.

mod call;
mod callback;
mod client;
mod codec;
mod declare;
mod table;

#[cfg(feature = "logs")]
pub(crate) use call::TRACE_TARGET;
#[cfg(feature = "host")]
pub(crate) use call::{ActivationId, within_activation};
pub use call::{
    Answer, Arrived, ArrivedParts, Arriving, Attempt, Call, CallContext, CallOrigin, CallbackKind,
    Configuration, Configured, Context, Emission, Handler, Incoming, IncomingError, IncomingIter,
    Inherited, Inlet, InletReader, Notifier, Outlet, Payload, PluginValue, Progress, Reply,
    ReplyFuture, Reports, Scope, Scoped, Streamed, WrongPluginValue, blocking, call_context, inlet,
    receiver, wait, wait_until,
};
pub(crate) use call::{Work, trace};
#[cfg(feature = "plugin")]
pub(crate) use call::{may_block, running};
pub use callback::{
    CallbackEvent, CallbackHandler, CallbackRun, CallbackStream, DecodeCallback, Outgoing,
    Subscription, ask, emit, outgoing,
};
pub use client::{
    BlockingCaller, CallKey, CallRequest, Caller, Client, ClientBase, NamedClient, NoHost,
    Registration, Request, ResultIter, ResultStream, StreamedBody, need,
};
pub(crate) use codec::RequestPiece;
pub use codec::{
    Arguments, Beside, DecodeResult, EncodeArguments, EncodeError, FromPart, IntoPart, Json,
    MediaType, Raw, RequestItems, SentItem, SentItems, WithBytes, WithItems, with_bytes,
    with_items,
};
#[cfg(feature = "plugin")]
pub(crate) use declare::remote_problem;
pub use declare::{
    BuildOutcome, BuiltByActivation, DefaultValue, Initial, InitialValue, NoInitialValue, build,
};
pub use declare::{
    CallbackSpec, ContractSpec, ErrorKind, ErrorKindFallback, ErrorOf, ErrorSpec,
    ErrorTextFallback, ErrorTextOf, HookOutcome, HookResult, HookText, LossOf, MethodError,
    MethodSpec, NoHookOutcome, NoLoss, Outcome, ParamSpec, Parts, PermissionsSpec, PluginType,
    ProgressSpec, ResultKind, ResultKindFallback, TypeSchema, TypeSchemaFallback, TypeSchemaOf,
    Unmet, check,
};
#[cfg(any(feature = "host", feature = "plugin"))]
pub(crate) use table::Provided;
pub use table::{
    Activation, Activator, BuildFuture, Builder, Contract, Dispatch, Entry, Expectation,
    HookFuture, Item, NO_STREAMING, Need, Stopper, Streaming, Table, built, embedded_names,
    entries, insert_sorted, note_embedded, table,
};
