//! The matrix of peers and rows: which pairs are measured, and a run that measures them.
//!
//! This is the only room that knows both peers and rows. It imports from `vocabulary`,
//! `programs`, `processes`, `peers` and `rows`. Start reading at [`runner`],
//! which starts the hosts, and then [`roles`], what these hosts do.

mod host_process;
mod outcome;
mod pairing;
mod participation;
mod plan;
mod progress;
pub(crate) mod roles;
mod runner;

pub(crate) use self::outcome::{Entry, Measurement, Outcome, Samples, Skipped};
pub(crate) use self::plan::Plan;
pub(crate) use self::runner::run;
