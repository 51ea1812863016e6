//! Items as far as the macros have to understand them.
//!
//! Bodies stay tokens. An editor expands the macros while somebody types, when a
//! body seldom parses; kept as it is, it still completes.

mod block;
mod function;

pub(crate) use block::{Impl, Item, Trait};
pub(crate) use function::Function;
