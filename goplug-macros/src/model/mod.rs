//! What the user declared, validated.
//!
//! Three spellings, one model: a function, an impl and a trait all end up as a [`Plugin`] and
//! [`Member`]s, or [`ClientMember`]s for a contract, without any mistake that the macros can
//! see. Start with [`member`]; [`signature`] holds the rules for all functions,
//! [`used_names`] those for all members together. The room imports from `attr` and `syntax`.

mod attrs;
mod block;
mod callback;
mod container;
mod hook;
pub(crate) mod idents;
mod incoming;
mod input;
mod member;
mod method;
pub(crate) mod names;
mod output;
mod param;
mod permissions;
mod plugin;
mod signature;
mod stream;
pub(crate) mod types;
mod used_names;

pub(crate) use attrs::Attrs;
pub(crate) use block::{BlockItem, contract_items, plugin_items};
pub(crate) use callback::Callback;
pub(crate) use container::Container;
pub(crate) use hook::Hook;
pub(crate) use incoming::{Incoming, IncomingForm};
pub(crate) use input::{ContextParam, Input, ProgressParam};
pub(crate) use member::{ClientMember, Member};
pub(crate) use method::Method;
pub(crate) use output::{ErrorForm, Outcome, Output};
pub(crate) use param::Param;
pub(crate) use plugin::{InitialValue, Plugin, type_path};
pub(crate) use signature::FnSignature;
pub(crate) use stream::{Stream, make_send};
