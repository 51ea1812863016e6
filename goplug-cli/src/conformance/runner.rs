//! Tries cases one after the other.

use std::time::{Duration, Instant};

use super::case::{Case, Kind, Start};
use super::halt::Halt;
use super::steps::Run;
use super::subject::{Running, Subject};
use crate::failure::Outcome;

/// How many characters of a process's last line are shown.
const LAST_WORDS: usize = 200;

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
    pub(super) case: &'a Case,
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
}

/// The plugin, and the process that cases share.
pub(super) struct Runner {
    subject: Subject,
    shared: Option<Running>,
}

impl Runner {
    pub(super) fn new(subject: Subject) -> Self {
        Self { subject, shared: None }
    }

    /// Tries a case.
    pub(super) async fn attempt<'a>(&mut self, case: &'a Case) -> Tried<'a> {
        let began = Instant::now();
        let verdict = match self.judged(case).await {
            Ok(()) => Verdict::Passed,
            Err(Halt::Failed(reason)) => Verdict::Failed(reason),
            Err(Halt::Skipped(reason)) => Verdict::Skipped(reason),
        };
        Tried { case, verdict, took: began.elapsed() }
    }

    /// Ends the process that cases share.
    pub(super) async fn close(&mut self) {
        if let Some(running) = self.shared.take() {
            running.close().await;
        }
    }

    async fn judged(&mut self, case: &Case) -> Result<(), Halt> {
        self.subject.fulfils(case)?;
        if case.process == Kind::Shared {
            return self.on_shared(case).await;
        }
        let mut running = match case.process {
            Kind::None => None,
            _ => Some(started(self.subject.start(case.start))?),
        };
        if case.process == Kind::Own
            && let Some(running) = &mut running
        {
            self.subject.activate(running, &serde_json::Value::Null).await?;
        }
        let judged = steps(&self.subject, running.as_mut(), case).await;
        match running {
            Some(running) => {
                let judged = judged.map_err(|halt| with_output(halt, &running));
                running.close().await;
                judged
            }
            None => judged,
        }
    }

    async fn on_shared(&mut self, case: &Case) -> Result<(), Halt> {
        let mut running = match self.shared.take() {
            Some(running) => running,
            None => {
                let mut running = started(self.subject.start(Start::default()))?;
                self.subject.activate(&mut running, &serde_json::Value::Null).await?;
                running
            }
        };
        let mut judged = steps(&self.subject, Some(&mut running), case).await;
        if judged.is_ok() && running.process.ended()?.is_some() {
            judged = Err("the plugin has ended".into());
        }
        match judged {
            Err(halt @ Halt::Failed(_)) => {
                let halt = with_output(halt, &running);
                running.close().await;
                Err(halt)
            }
            judged => {
                self.shared = Some(running);
                judged
            }
        }
    }
}

async fn steps(subject: &Subject, running: Option<&mut Running>, case: &Case) -> Result<(), Halt> {
    let mut run = Run::new(subject, running)?;
    if let Some(find) = case.find {
        subject.find(find, &mut run.variables)?;
    }
    run.steps(&case.steps).await
}

fn started(running: Outcome<Running>) -> Result<Running, Halt> {
    running.map_err(|failure| failure.line().into())
}

/// A failure with the last line that the process has printed.
fn with_output(halt: Halt, running: &Running) -> Halt {
    let said = running.process.said();
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    match (halt, last) {
        (Halt::Failed(reason), Some(last)) => {
            let end = last.char_indices().nth(LAST_WORDS).map_or(last.len(), |(end, _)| end);
            Halt::Failed(format!("{reason}; its last output: {}", &last[..end]))
        }
        (halt, _) => halt,
    }
}
