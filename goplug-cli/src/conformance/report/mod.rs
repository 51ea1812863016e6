//! What is said of the cases that have been tried.

mod junit;
mod table;
mod tap;

pub(super) use junit::junit;
pub(super) use table::{counts, json, list, table};
pub(super) use tap::{line, plan, stale};
