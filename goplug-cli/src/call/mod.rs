//! The verbs that talk to a plugin.
//!
//! `bytes` says which types travel as they are, `values` is what the words of a command line mean to
//! a method, `items` a stream that it takes, `request` a call made of them, `result` what comes back; `method`, `listen`, `logs`,
//! `ping` and `stop` are the verbs.

mod bytes;
mod items;
mod listen;
mod logs;
mod method;
mod ping;
mod request;
mod result;
mod stop;
mod values;

pub(crate) use listen::listen;
pub(crate) use logs::logs;
pub(crate) use method::call;
pub(crate) use ping::ping;
pub(crate) use stop::stop;
