//! The grammars of our attributes, without the meaning of their options.
//!
//! Above each parser stands the grammar of what it reads. [`item`] is `#[goplug::plugin]`, [`function`] the
//! other four, and [`param`] `#[goplug(…)]` on a parameter; all drive the one parser in [`options`]. The room
//! imports from no other room.

mod arg;
mod function;
mod item;
mod key;
mod options;
mod param;
mod permissions;
mod role;

pub(crate) use function::{Mark, on_function};
pub(crate) use item::{on_impl, on_struct, on_trait};
pub(crate) use options::Options;
pub(crate) use param::{is_of_param, on_param};
pub(crate) use permissions::Permissions;
pub(crate) use role::{HookKind, Role};
