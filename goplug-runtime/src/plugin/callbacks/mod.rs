//! Callbacks to hosts: which host listens to which callback, and what waits for it.
//!
//! One lock guards the hosts. It is held for a few steps in memory and never across an await;
//! code that waits for room does so without the lock and then tries again. No task runs here:
//! hosts pull their callbacks, and a host that stayed away is forgotten the next time that the
//! lock is taken.
//!
//! The files, each of which imports only from those before it: [`message`] is a callback ready
//! to be written; [`segment`] and [`log`] hold what one host is sent, [`host`] is that host;
//! [`hub`] is all of them behind the lock. On the hub stand [`delivery`], by which hosts take
//! their callbacks, [`registration`], [`emit`], by which the plugin sends them, and [`service`], by
//! which it calls services of hosts. Start with [`hub`].

mod delivery;
mod emit;
mod host;
mod hub;
mod log;
mod message;
mod registration;
mod segment;
mod service;
mod service_room;

pub(super) use delivery::{CallbackStream, ConnectionGuard, Hangup};
pub(super) use emit::HubNotifier;
pub(super) use host::CallbackReply;
pub(super) use hub::Hub;
pub use registration::{RegisteredCallback, RegisteredHost};
pub(super) use service::{NoHost, OutgoingCall, failure_of};
