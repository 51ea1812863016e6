//! Callbacks, out of a plugin and into a host.
//!
//! [`emission`] is the plugin's side: the functions that a callback's generated body calls.
//! [`handler`] is the host's side: a handler takes the callbacks of a [`run`]. A [`subscription`]
//! keeps a handler registered. Behind a [`stream`] is a handler that passes each callback on. The
//! room imports from `declare`, `codec` and `call`.

mod codec;
mod emission;
mod handler;
mod outgoing;
mod run;
mod stream;
mod subscription;

pub use codec::DecodeCallback;
pub use emission::{ask, emit};
pub use handler::CallbackHandler;
pub use outgoing::{Outgoing, outgoing};
pub use run::{CallbackEvent, CallbackRun};
pub use stream::CallbackStream;
pub use subscription::Subscription;
