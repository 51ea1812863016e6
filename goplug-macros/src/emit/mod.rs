//! From the model to code.
//!
//! What is emitted is data and one call into the runtime; above each emitter stands a sketch of
//! it. Paths are absolute and local variables hygienic, so that nothing in the user's module can
//! change what the code means.
//!
//! Start with [`member`], which puts together what one annotated function becomes; [`paths`] is
//! what all emitters share. The room imports from `model` and `attr`.

mod args;
pub(crate) mod callback;
pub(crate) mod checks;
pub(crate) mod client;
pub(crate) mod contract;
mod dispatch;
mod docs;
pub(crate) mod entry;
mod hook;
pub(crate) mod member;
mod paths;
pub(crate) mod plugin;
mod results;
pub(crate) mod spec;

pub(crate) use paths::{MemberScope, Paths};
