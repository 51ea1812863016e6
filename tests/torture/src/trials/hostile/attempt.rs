//! One attempt, and what came of it.

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
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

/// Makes attempts, some of them at once, prints each in a line, and counts them by what came of them.
pub(crate) struct Attempts<'a> {
    report: &'a mut Report,
    turns: Arc<Semaphore>,
    /// The attempts that are being made, in the order in which they are printed.
    begun: VecDeque<Begun>,
    refused: usize,
    got_through: usize,
    not_tried: usize,
}

/// An attempt that is being made.
struct Begun {
    what: String,
    task: JoinHandle<(Result<Outcome>, Duration)>,
}

impl<'a> Attempts<'a> {
    /// They are made one by one.
    pub(crate) fn new(report: &'a mut Report) -> Self {
        let (turns, begun) = (Arc::new(Semaphore::new(1)), VecDeque::new());
        Self { report, turns, begun, refused: 0, got_through: 0, not_tried: 0 }
    }

    /// From here on, so many attempts are made at once. Those before have come to their ends by then.
    pub(crate) async fn at_once(&mut self, count: usize) {
        self.finish().await;
        self.turns = Arc::new(Semaphore::new(count));
    }

    /// Makes one attempt, on a task of its own: it may block a thread for ever. Waits for its turn, and not for
    /// its end.
    pub(crate) async fn attempt(
        &mut self,
        what: &str,
        attempt: impl Future<Output = Result<Outcome>> + Send + 'static,
    ) {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let task = tokio::spawn(async move {
            let _turn = turn;
            let began = Instant::now();
            let outcome = match timeout(DEADLINE, tokio::spawn(attempt)).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Ok(Outcome::GotThrough(format!("it had no end within {DEADLINE:?}"))),
            };
            (outcome, began.elapsed())
        });
        self.begun.push_back(Begun { what: what.into(), task });
        while self.begun.front().is_some_and(|begun| begun.task.is_finished()) {
            self.finish_first().await;
        }
    }

    async fn finish(&mut self) {
        while !self.begun.is_empty() {
            self.finish_first().await;
        }
    }

    async fn finish_first(&mut self) {
        let Some(Begun { what, task }) = self.begun.pop_front() else { return };
        let (outcome, time) = match task.await {
            Ok((Ok(outcome), time)) => (outcome, time.as_millis()),
            Ok((Err(error), _)) => return self.report.failed(&what, &error),
            Err(error) => return self.report.failed(&what, &error.into()),
        };
        let (count, verdict, how) = match outcome {
            Outcome::Refused(how) => (&mut self.refused, "refused", how),
            Outcome::GotThrough(reached) => (&mut self.got_through, "THROUGH", reached),
            Outcome::NotTried(missing) => {
                (&mut self.not_tried, "-", format!("not tried: {missing}"))
            }
        };
        *count += 1;
        println!("  {verdict:<7} {what:<62} {time:>6} ms  {}", how.replace('\n', " "));
    }

    /// Reports the counts: no attempt may have got through.
    pub(crate) async fn end(mut self) {
        self.finish().await;
        self.report.note("attempts refused", self.refused);
        self.report.note("attempts not tried", self.not_tried);
        self.report.at_most("attempts that got through", self.got_through, 0);
    }
}
