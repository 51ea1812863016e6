//! What two descriptors disagree on, before the first call.
//!
//! [`compare`] takes the descriptor that a client needs and the one that a plugin offers. It gives
//! each member a [`Verdict`] and each [`Difference`] its place, both sides and what to do. Everything
//! here is pure. The work is bounded, since a descriptor comes from another process: what is beyond
//! the bounds is [`Verdict::Unknown`].
//!
//! A schema becomes a set of values (`value_set`): the alternatives that a value may be, each with
//! its bounds. The room `check` asks of two sets whether the one side reads all that the other
//! side writes. A side that writes is taken at its word: it writes the fields that its schema lists,
//! and no others.
//!
//! Start with [`compare`]. The room imports from `protocol` and `limits`.

mod accepts;
mod alike;
mod check;
mod compare;
mod describe;
mod example;
mod expand;
mod keys;
mod keywords;
mod members;
mod merge;
mod node;
mod report;
#[cfg(any(feature = "host", feature = "plugin"))]
mod service;
mod side;
mod spelling;
mod text;
mod value_set;
mod verbatim;
mod verdict;
mod work;

pub use compare::compare;
pub use report::{Comparison, Difference, Member, MemberKind};
#[cfg(any(feature = "host", feature = "plugin"))]
pub(crate) use service::{Provider, misfit};
pub use verdict::Verdict;
