//! The results of a run: medians and ratios, the machine that they come from, and the
//! instruction counts that the repository records.
//!
//! This room imports from `vocabulary`, and from `matrix` the outcome of a run. It renders
//! nothing. Start reading at [`report`].

pub(crate) mod instruction_counts;
mod machine;
mod report;

pub(crate) use self::machine::Machine;
pub(crate) use self::report::{Cell, Report};
