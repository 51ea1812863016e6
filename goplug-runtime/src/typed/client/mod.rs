//! The base of generated clients, and the seam to what they call through.
//!
//! Start with [`caller`], which users implement for test doubles and layers; [`base`] is what a
//! generated client holds. The room imports from all other rooms of `typed`.

mod base;
mod caller;

pub use base::{Client, ClientBase, NamedClient};
pub use caller::{BlockingCaller, CallRequest, Caller, NoHost};
