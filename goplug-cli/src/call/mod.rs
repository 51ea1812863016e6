//! The verbs that talk to a plugin.
//!
//! `bytes` says which types travel as they are, `values` is what the words of a command line mean to
//! a method, `items` a stream that it takes, `request` a call made of them; `method`, `listen` and
//! `ping` are the verbs.

mod bytes;
mod items;
mod listen;
mod method;
mod ping;
mod request;
mod values;

pub(crate) use listen::listen;
pub(crate) use method::call;
pub(crate) use ping::ping;
