//! What a run has measured, as it came.

use std::fmt::Display;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::vocabulary::{PeerName, Placement, RowName};

/// Everything that a run has measured or left out, in the order in which it happened.
pub(crate) struct Outcome {
    pub(crate) entries: Vec<Entry>,
    /// How long the measurements took, without the builds before them.
    pub(crate) elapsed: Duration,
}

pub(crate) enum Entry {
    Measured(Measurement),
    Skipped(Skipped),
}

/// The samples of one row in one placement.
pub(crate) struct Measurement {
    pub(crate) row: RowName,
    pub(crate) placement: Placement,
    pub(crate) peers: Vec<Samples>,
}

/// The samples of one peer, one for each round.
pub(crate) struct Samples {
    pub(crate) peer: PeerName,
    /// The numbers of each sample, or why it failed.
    pub(crate) rounds: Vec<Result<Vec<f64>>>,
}

/// What was not measured, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Skipped {
    /// `why` may be an error, which is printed with its causes.
    pub(crate) fn new(what: impl Into<String>, why: impl Display) -> Self {
        Self { what: what.into(), why: format!("{why:#}") }
    }
}
