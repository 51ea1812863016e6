//! Tries a host: gives a command a folder with a scripted plugin, and looks at what the plugin has got.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use super::connection::in_vain;
use super::halt::{Halt, ensure};
use super::pattern::fits;
use super::plugins::{Journal, Plugins};
use super::script::{HostCase, Requests};
use super::side::{Side, Verdict};
use super::suite::{Case, Content, read};
use super::variables::Variables;
use crate::failure::Outcome;
use crate::system::Group;

/// What stands for the folder in a command.
const FOLDER: &str = "{}";

/// Reads all cases for hosts.
pub(super) fn all() -> Outcome<Vec<Case<HostCase>>> {
    read(&[("host", include_str!("../../conformance/host.json"))])
}

impl Content for HostCase {
    fn check(&self) -> Result<(), String> {
        let shows_something =
            self.succeeds || self.processes.is_some() || !self.requests.is_empty();
        match shows_something {
            true => Ok(()),
            false => Err("a host that does nothing would pass".into()),
        }
    }
}

/// The host that is tried.
pub(super) struct Host {
    /// Its program and arguments.
    command: Vec<String>,
    /// How long the command, and the end of its plugin, may take.
    patience: Duration,
}

impl Side for Host {
    type Content = HostCase;

    fn cases() -> Outcome<Vec<Case<HostCase>>> {
        all()
    }

    async fn open(command: &[String], patience: Duration) -> Outcome<Self> {
        Ok(Self { command: command.to_vec(), patience })
    }

    async fn attempt(&self, case: &Case<HostCase>) -> Verdict {
        match self.judged(&case.content).await {
            Ok(()) => Verdict::Passed,
            Err(Halt::Failed(reason)) => Verdict::Failed(reason),
            Err(Halt::Skipped(reason)) => Verdict::Skipped(reason),
        }
    }

    async fn close(self) {}
}

impl Host {
    async fn judged(&self, case: &HostCase) -> Result<(), Halt> {
        let plugins = Plugins::new(case)?;
        // What the command has left in its group must not be killed before it is missed.
        let run = self.run(&plugins).await;
        let outlived = plugins.end(self.patience).await;
        let (status, printed, _group) = run?;
        result(case, status, &printed)?;
        let journal = plugins.journal();
        let mut variables = Variables::default();
        variables.set("folder", plugins.folder.display().to_string());
        started(case, &journal, &mut variables)?;
        for requests in &case.requests {
            sent(requests, &journal, &mut variables)?;
        }
        if let Some(fault) = journal.faults.first() {
            return Err(format!("the host has sent what is no request: {fault}").into());
        }
        Ok(outlived?)
    }

    /// Runs the command. Returns its exit status, what it has printed, and its group.
    async fn run(&self, plugins: &Plugins) -> Result<(ExitStatus, String, Group), String> {
        let folder = plugins.folder.display().to_string();
        let mut words: Vec<_> =
            self.command.iter().map(|word| word.replace(FOLDER, &folder)).collect();
        if !self.command.iter().any(|word| word.contains(FOLDER)) {
            words.push(folder);
        }
        let program = words.remove(0);
        let mut command = Command::new(&program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let about = |error: std::io::Error| format!("{program}: {error}");
        let (child, group) = Group::spawn(&mut command).map_err(about)?;
        let output = timeout(self.patience, child.wait_with_output()).await;
        let output = output.map_err(|_| in_vain("the end of the command"))?.map_err(about)?;
        let printed = if output.status.success() { output.stdout } else { output.stderr };
        Ok((output.status, String::from_utf8_lossy(&printed).into_owned(), group))
    }
}

/// Judges how the command has ended.
fn result(case: &HostCase, status: ExitStatus, printed: &str) -> Result<(), Halt> {
    ensure(status.success() == case.succeeds, || {
        let wanted = if case.succeeds { "success" } else { "failure" };
        format!("the command ended with {status}, not with {wanted}: {printed}")
    })?;
    // As a word of its own: a path or a time may have that digit too.
    let mut words = printed.split(|letter: char| !letter.is_alphanumeric());
    ensure(!case.succeeds || words.any(|word| word == "5"), || {
        format!("the command has succeeded, and has not printed the result, 5: {printed:?}")
    })
}

/// Judges the starts of the plugin.
fn started(case: &HostCase, journal: &Journal, variables: &mut Variables) -> Result<(), Halt> {
    let count = journal.started.len();
    if let Some(pattern) = &case.processes {
        fits(pattern, &json!(count), variables)
            .map_err(|reason| format!("the plugin was started {count} times: {reason}"))?;
    }
    let Some(pattern) = &case.started else { return Ok(()) };
    ensure(count > 0, || "the plugin was not started".into())?;
    let pattern = variables.replace(pattern);
    for started in &journal.started {
        fits(&pattern, started, variables)
            .map_err(|reason| format!("at the start of the plugin: {reason}"))?;
    }
    Ok(())
}

/// Judges the requests of a kind.
fn sent(expected: &Requests, journal: &Journal, variables: &mut Variables) -> Result<(), Halt> {
    let to = &expected.to;
    let found: Vec<_> = journal.requests.iter().filter(|request| request["to"] == **to).collect();
    fits(&expected.times, &json!(found.len()), variables).map_err(|reason| {
        format!("the host has sent {} requests to {to}: {reason}", found.len())
    })?;
    for request in found {
        if let Some(pattern) = &expected.are {
            fits(pattern, request, variables)
                .map_err(|reason| format!("a request to {to}: {reason}"))?;
        }
    }
    Ok(())
}
