//! The processes of a run: the roles in which the benchmark's program starts itself, the
//! processors that they are pinned to, and how they end.
//!
//! This room imports from `vocabulary` only, and knows neither peers nor rows. Start reading
//! at [`role`].

mod lifetime;
pub(crate) mod pinning;
mod role;
pub(crate) mod spinner;

pub(crate) use self::lifetime::{die_with_parent, kill_with_children};
pub(crate) use self::role::Role;
