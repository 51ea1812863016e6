//! From the model to code.
//!
//! Emitted code is data and one call into the runtime. Above each emitter stands a sketch of its
//! output. Paths are absolute and local variables hygienic, so that nothing in the user's module
//! can change the meaning of the code.
//!
//! Start with [`member`], which emits everything for one annotated function. All emitters use
//! [`paths`]. The room imports from `model` and `attr`.

mod args;
pub(crate) mod callback;
pub(crate) mod checks;
pub(crate) mod client;
pub(crate) mod contract;
mod dispatch;
mod docs;
pub(crate) mod entry;
mod flavour;
mod hook;
pub(crate) mod member;
mod need;
mod paths;
pub(crate) mod plugin;
mod results;
pub(crate) mod spec;

pub(crate) use flavour::Flavour;
pub(crate) use paths::{MemberScope, Paths};
