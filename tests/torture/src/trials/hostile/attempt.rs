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

/// Makes attempts, prints each in a line, and counts them by what came of them.
pub(crate) struct Attempts<'a> {
    report: &'a mut Report,
    refused: usize,
    got_through: usize,
    not_tried: usize,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(report: &'a mut Report) -> Self {
        Self { report, refused: 0, got_through: 0, not_tried: 0 }
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
        let (count, verdict, how) = match outcome {
            Outcome::Refused(how) => (&mut self.refused, "refused", how),
            Outcome::GotThrough(reached) => (&mut self.got_through, "THROUGH", reached),
            Outcome::NotTried(missing) => {
                (&mut self.not_tried, "-", format!("not tried: {missing}"))
            }
        };
        *count += 1;
        println!("  {verdict:<7} {what:<62} {}", how.replace('\n', " "));
    }

    /// Reports the counts: no attempt may have got through.
    pub(crate) fn end(self) {
        self.report.note("attempts refused", self.refused);
        self.report.note("attempts not tried", self.not_tried);
        self.report.at_most("attempts that got through", self.got_through, 0);
    }
}
