//! Tries cases on a plugin.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::case::{Kind, PluginCase, Start};
use super::cases;
use super::halt::Halt;
use super::run::Run;
use super::side::Side;
use super::subject::{Running, Subject};
use super::suite::Case;
use crate::failure::Outcome;

/// The plugin, and the processes that cases share.
pub(super) struct Runner {
    subject: Subject,
    /// Those that no case uses just now.
    shared: Mutex<Vec<Running>>,
}

impl Side for Runner {
    type Content = PluginCase;

    fn cases() -> Outcome<Vec<Case<PluginCase>>> {
        cases::all()
    }

    async fn open(command: &[String], patience: Duration) -> Outcome<Self> {
        Ok(Self { subject: Subject::open(command, patience).await?, shared: Mutex::default() })
    }

    async fn attempt(&self, case: &PluginCase) -> Result<(), Halt> {
        let subject = &self.subject;
        subject.fulfils(&case.needs)?;
        let start = case.start.unwrap_or_default();
        let running = match case.process {
            Kind::Shared => return self.on_shared(case).await,
            Kind::Own => Some(subject.start_active(start).await?),
            Kind::New => Some(subject.start(start)?),
            Kind::None => None,
        };
        let Some(mut running) = running else { return steps(subject, None, case).await };
        let judged = steps(subject, Some(&mut running), case).await;
        let judged = judged.map_err(|halt| with_output(halt, &running));
        running.close().await;
        judged
    }

    async fn close(self) {
        for running in self.shared.into_inner().unwrap_or_else(PoisonError::into_inner) {
            running.close().await;
        }
    }
}

impl Runner {
    async fn on_shared(&self, case: &PluginCase) -> Result<(), Halt> {
        let idle = self.shared.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut running = match idle {
            Some(running) => running,
            None => self.subject.start_active(Start::default()).await?,
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
                self.shared.lock().unwrap_or_else(PoisonError::into_inner).push(running);
                judged
            }
        }
    }
}

async fn steps(
    subject: &Subject,
    running: Option<&mut Running>,
    case: &PluginCase,
) -> Result<(), Halt> {
    let mut run = Run::new(subject, running)?;
    if let Some(find) = case.find {
        subject.find(find, &mut run.variables)?;
    }
    run.steps(&case.steps).await
}

/// A failure with the last line that the process has printed.
fn with_output(halt: Halt, running: &Running) -> Halt {
    match halt {
        Halt::Failed(reason) => Halt::Failed(format!("{reason}{}", running.last_words())),
        halt => halt,
    }
}
