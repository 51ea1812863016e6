//! Items as far as the macros have to understand them.
//!
//! Bodies stay tokens. An editor expands the macros while somebody types, and then a body seldom
//! parses. Since its tokens are kept, the editor can still complete code in it. The room imports
//! from no other room.

mod block;
mod function;
mod tokens;

pub(crate) use block::{Impl, Item, Trait};
pub(crate) use function::Function;
pub(crate) use tokens::first_tokens;
