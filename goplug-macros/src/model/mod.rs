//! What was declared, validated.
//!
//! Three spellings, one model: a function, an impl and a trait all end up as a
//! [`Plugin`] and [`Member`]s, and what is here is free of mistakes that the macros
//! can see.

mod attrs;
mod block;
pub(crate) mod idents;
mod member;
mod names;
mod output;
mod param;
mod place;
mod plugin;
mod signature;
pub(crate) mod types;

pub(crate) use attrs::Attrs;
pub(crate) use block::{BlockItem, members};
pub(crate) use member::{Callback, Hook, Member, Method, Role, Shape};
pub(crate) use output::{ErrorForm, Outcome, Output};
pub(crate) use param::Param;
pub(crate) use place::Place;
pub(crate) use plugin::{Plugin, blocking_client, client, type_path};
