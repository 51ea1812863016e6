//! What is tried: a plugin, or a host.

use std::time::{Duration, Instant};

use super::halt::Halt;
use super::suite::{Case, Content, Title};
use crate::failure::Outcome;

/// What has become of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed(String),
    Skipped(String),
}

/// A case that has been tried.
#[derive(Debug)]
pub(super) struct Tried<'a> {
    pub(super) title: &'a Title,
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
    /// Whether its failure is known, and none.
    pub(super) is_known: bool,
}

impl Tried<'_> {
    /// Whether it has failed, and nobody has expected that.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_)) && !self.is_known
    }
}

/// A side of the protocol, with the cases for it.
pub(super) trait Side: Sized {
    type Content: Content;

    /// Reads all cases for this side.
    fn cases() -> Outcome<Vec<Case<Self::Content>>>;

    /// Gets ready to try what this command line starts. Each wait may take as long as `patience`.
    async fn open(command: &[String], patience: Duration) -> Outcome<Self>;

    /// Tries a case, up to what it fails at.
    async fn attempt(&self, case: &Self::Content) -> Result<(), Halt>;

    /// Ends what has been started.
    async fn close(self);
}

/// Tries a case.
pub(super) async fn attempt<'a, S: Side>(
    side: &S,
    case: &'a Case<S::Content>,
    is_known: bool,
) -> Tried<'a> {
    let began = Instant::now();
    let verdict = match side.attempt(&case.content).await {
        Ok(()) => Verdict::Passed,
        Err(Halt::Failed(reason)) => Verdict::Failed(reason),
        Err(Halt::Skipped(reason)) => Verdict::Skipped(reason),
    };
    Tried { title: &case.title, verdict, took: began.elapsed(), is_known }
}
