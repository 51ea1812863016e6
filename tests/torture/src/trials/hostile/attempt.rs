//! One attempt, and what came of it.

use std::fmt::Display;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::timeout;

use crate::report::Report;

/// How long an attempt may take, also on a busy machine: what holds a host up for longer has got through.
const DEADLINE: Duration = Duration::from_secs(120);

/// What came of an attempt.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// By what, or with which words.
    Refused(String),
    /// What was reached.
    GotThrough(String),
    /// What is missing for it.
    NotTried(String),
}

impl Outcome {
    /// An operation has to fail with an error that has these words.
    ///
    /// # Errors
    /// It failed for another reason, so nothing was tried.
    pub(crate) fn refused_with<T>(
        result: Result<T, impl Display>,
        words: &str,
        reached: &str,
    ) -> Result<Self> {
        match result {
            Ok(_) => Ok(Self::GotThrough(reached.into())),
            Err(error) if error.to_string().contains(words) => Ok(Self::Refused(error.to_string())),
            Err(error) => bail!("it failed for another reason: {error}"),
        }
    }
}

/// Makes attempts, and reports each.
pub(crate) struct Attempts<'a> {
    report: &'a mut Report,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(report: &'a mut Report) -> Self {
        Self { report }
    }

    /// Makes one attempt, on a task of its own: it may block a thread for ever.
    pub(crate) async fn attempt(
        &mut self,
        what: &str,
        attempt: impl Future<Output = Result<Outcome>> + Send + 'static,
    ) {
        let outcome = match timeout(DEADLINE, tokio::spawn(attempt)).await {
            Ok(Ok(Ok(outcome))) => outcome,
            Ok(Ok(Err(error))) => return self.report.failed(what, &error),
            Ok(Err(error)) => return self.report.failed(what, &error.into()),
            Err(_) => Outcome::GotThrough(format!("it had no end within {DEADLINE:?}")),
        };
        match outcome {
            Outcome::Refused(how) => self.report.refused(what, &how),
            Outcome::GotThrough(reached) => self.report.got_through(what, &reached),
            Outcome::NotTried(missing) => self.report.not_tried(what, &missing),
        }
    }
}
