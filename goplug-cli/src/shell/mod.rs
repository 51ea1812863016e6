//! The command itself, for shells and readers: `text` is its scripts and its manual page, `complete` what
//! a shell offers while a user types.

mod complete;
mod text;

pub(crate) use complete::complete;
pub(crate) use text::{completions, man};
