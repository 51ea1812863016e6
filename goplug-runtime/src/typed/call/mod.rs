//! One call, on the side that answers it: the arguments, the reply, and the plugin that the handler
//! belongs to.
//!
//! Start with [`invocation`]. [`context`] is how a callback finds the plugin whose handler it
//! was called from, and how code finds the call that it is a part of, a [`call_context`]; [`parts`] are
//! the bytes beside other arguments; [`streamed`] sends the items of a streamed result, by an
//! [`outlet`], and [`progress`] what a method reports; [`incoming`] reads a stream of arguments, by an
//! [`inlet`]; [`wait`] is for threads without a runtime. The room imports from
//! `declare` and `codec`.

mod activation;
mod answer;
mod blocking;
mod call_context;
mod configuration;
mod context;
mod incoming;
mod incoming_error;
mod inlet;
mod invocation;
mod notifier;
mod origin;
mod outlet;
mod parts;
mod progress;
mod reply;
mod scope_span;
#[cfg(feature = "opentelemetry")]
mod span;
mod streamed;
pub(crate) mod trace;
mod wait;
mod work;

#[cfg(feature = "host")]
pub(crate) use activation::{ActivationId, within_activation};
pub use answer::{Answer, Attempt};
pub use blocking::blocking;
pub use call_context::{CallContext, Inherited};
pub use configuration::{Configuration, Configured};
pub(super) use context::with_notifier;
pub use context::{Context, Scope, Scoped, call_context};
#[cfg(feature = "plugin")]
pub(crate) use context::{may_block, running};
pub use incoming::{Arriving, Incoming, IncomingIter};
pub use incoming_error::IncomingError;
pub use inlet::{Inlet, InletReader, inlet};
pub use invocation::{
    Arrived, Call, Handler, PluginValue, ReplyFuture, WrongPluginValue, receiver,
};
pub use notifier::{CallbackKind, Emission, Notifier, Payload};
pub use origin::CallOrigin;
pub use outlet::Outlet;
pub use parts::ArrivedParts;
pub use progress::{Progress, Reports};
pub use reply::Reply;
pub use streamed::Streamed;
pub use wait::{wait, wait_until};
#[cfg(feature = "logs")]
pub(crate) use work::TARGET as TRACE_TARGET;
pub(crate) use work::Work;
