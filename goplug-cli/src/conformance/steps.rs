//! Runs the steps of a case.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::case::{Each, Exit, NamedExit, Repeat, Start, Step};
use super::checks::check;
use super::connection::in_vain;
use super::halt::{Halt, ensure};
use super::run::Run;
use crate::system::Process;

/// How long the pauses between two looks at a file are.
const PAUSE: Duration = Duration::from_millis(5);

impl Run<'_> {
    pub(super) async fn steps(&mut self, steps: &[Value]) -> Result<(), Halt> {
        for step in steps {
            let replaced = self.variables.replace(step);
            let parsed = serde_json::from_value(replaced.clone());
            let parsed =
                parsed.map_err(|error| format!("the case has a bad step, {replaced}: {error}"))?;
            let is_container = matches!(parsed, Step::Each(_) | Step::Repeat(_) | Step::Other(_));
            self.step(parsed).await.map_err(|halt| match halt {
                Halt::Failed(reason) if !is_container => {
                    Halt::Failed(format!("{}: {reason}", title(&replaced)))
                }
                halt => halt,
            })?;
        }
        Ok(())
    }

    /// Every step has an arm: what is forgotten would pass.
    async fn step(&mut self, step: Step) -> Result<(), Halt> {
        match step {
            Step::Request(request) => self.request(&request).await,
            Step::Until(request) => self.until(&request).await,
            Step::Send(send) => self.send(&send).await,
            Step::Chunk(send) => self.chunk(&send).await,
            Step::Answer(read) => self.answer(&read).await,
            Step::Head(read) => self.head(&read).await,
            Step::Refused(bytes) => self.refused(&bytes.bytes()?).await,
            Step::Events(events) => self.events(&events).await,
            Step::SkipEvents(skip) => self.skip_events(&skip).await,
            Step::Ends(ends) => self.ends(&ends).await,
            Step::IsOpen(name) => self.is_open(&name),
            Step::Close(name) => self.close(&name),
            Step::HalfClose(name) => Ok(self.on(&name)?.half_close().await?),
            Step::Activate(configuration) => self.activate(&configuration).await,
            Step::Terminate => Ok(self.running()?.process.terminate()?),
            Step::EndHost => self.running().map(|running| running.process.end_host()),
            Step::Exit(exit) => self.exit(&exit).await,
            Step::HasPrinted => self.has_printed(),
            Step::File(path) => self.file(&path).await,
            Step::NoFile(path) => ensure(!Path::new(&path).exists(), || format!("there is {path}")),
            Step::Touch(path) => Ok(std::fs::File::create(path).map(drop)?),
            Step::Sleep(millis) => {
                sleep(Duration::from_millis(millis)).await;
                Ok(())
            }
            Step::Each(each) => self.each(each).await,
            Step::Repeat(repeat) => self.repeat(repeat).await,
            Step::Other(steps) => self.on_other(&steps).await,
            Step::Check(named) => check(named, self.subject, &self.variables).await,
        }
    }

    fn has_printed(&mut self) -> Result<(), Halt> {
        let has_printed = !self.running()?.process.said().trim().is_empty();
        ensure(has_printed, || "it has printed nothing".into())
    }

    async fn activate(&mut self, configuration: &Value) -> Result<(), Halt> {
        let subject = self.subject;
        subject.activate(self.running()?, configuration).await?;
        Ok(())
    }

    async fn exit(&mut self, exit: &Exit) -> Result<(), Halt> {
        let (patience, is_configurable) = (self.subject.patience, self.subject.is_configurable());
        let process = &mut self.running()?.process;
        let status = timeout(patience, process.end()).await;
        let status = status.map_err(|_| in_vain("the end of the process"))??;
        let is_right = match exit {
            Exit::OneOf(statuses) => statuses.contains(&status),
            Exit::Named(NamedExit::Failure) => status != 0,
            Exit::Named(NamedExit::InOrder) => {
                status == 0 || Process::was_terminated(status) && !is_configurable
            }
        };
        ensure(is_right, || format!("the exit status is {status}"))
    }

    async fn file(&self, path: &str) -> Result<(), Halt> {
        let end = Instant::now() + self.subject.patience;
        while !Path::new(path).exists() {
            if Instant::now() > end {
                return Err(in_vain(path).into());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn each(&mut self, each: Each) -> Result<(), Halt> {
        for value in each.of {
            self.variables.set(&each.value, value);
            Box::pin(self.steps(&each.steps)).await?;
        }
        self.variables.forget(&each.value);
        Ok(())
    }

    /// Runs steps on the second process, which is started by the first of them.
    async fn on_other(&mut self, steps: &[Value]) -> Result<(), Halt> {
        if self.other.is_none() {
            self.other = Some(self.subject.start_active(Start::default()).await?);
        }
        self.is_other = true;
        let outcome = Box::pin(self.steps(steps)).await;
        self.is_other = false;
        outcome
    }

    async fn repeat(&mut self, repeat: Repeat) -> Result<(), Halt> {
        for index in 0..repeat.times {
            self.variables.set(&repeat.value, index);
            Box::pin(self.steps(&repeat.steps)).await?;
        }
        self.variables.forget(&repeat.value);
        Ok(())
    }
}

/// A step in a word or two.
fn title(step: &Value) -> String {
    let Some((verb, operand)) = step.as_object().and_then(|members| members.iter().next()) else {
        return step.as_str().unwrap_or_default().to_owned();
    };
    match operand.get("to").and_then(Value::as_str) {
        Some(to) => format!("{verb} {to}"),
        None => verb.clone(),
    }
}
