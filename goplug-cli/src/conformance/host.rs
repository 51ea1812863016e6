//! Tries a host: gives a command a folder with a scripted plugin, and looks at what the plugin has got.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use super::connection::in_vain;
use super::halt::{Halt, ensure};
use super::pattern::fits;
use super::plugins::{Journal, Plugins};
use super::script::{HostCase, Replies, Requests};
use super::side::Side;
use super::suite::{Case, read};
use super::variables::Variables;
use crate::failure::Outcome;
use crate::program::output_of;
use crate::system::{Group, TEMP_VARIABLE};

/// What stands for the folder, and for what the host does, in a command.
const FOLDER: &str = "{}";
const TASK: &str = "{task}";

/// The files in the order in which they are tried.
const FILES: &[(&str, &str)] = &[
    ("host", include_str!("../../conformance/host.json")),
    ("host-callbacks", include_str!("../../conformance/host-callbacks.json")),
    ("host-streams", include_str!("../../conformance/host-streams.json")),
    ("host-services", include_str!("../../conformance/host-services.json")),
];

/// Reads all cases for hosts.
pub(super) fn all() -> Outcome<Vec<Case<HostCase>>> {
    read(FILES)
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

    async fn attempt(&self, case: &HostCase) -> Result<(), Halt> {
        let has_tasks = self.command.iter().any(|word| word.contains(TASK));
        if case.task.is_some() && !has_tasks {
            return Err(Halt::Skipped(format!("the command does not say {TASK}")));
        }
        let plugins = Plugins::new(case)?;
        // What the command has left in its group must not be killed before it is missed.
        let run = self.run(case, &plugins).await;
        let outlived = plugins.end(self.patience).await;
        let run = run?;
        let journal = plugins.journal();
        let mut variables = Variables::default();
        variables.set("folder", plugins.folder.display().to_string());
        ended(case, &run, &mut variables)?;
        started(case, &journal, &mut variables)?;
        for requests in &case.requests {
            sent(requests, &journal, &mut variables)?;
        }
        for replies in &case.replies {
            replied(replies, &journal, &mut variables)?;
        }
        if let Some(fault) = journal.faults.first() {
            return Err(format!("the host has sent what is no request: {fault}").into());
        }
        Ok(outlived?)
    }

    async fn close(self) {}
}

impl Host {
    /// Runs the command.
    async fn run(&self, case: &HostCase, plugins: &Plugins) -> Result<Run, String> {
        let folder = plugins.folder.display().to_string();
        let task = case.task.map(|task| json!(task));
        let task = task.as_ref().and_then(Value::as_str).unwrap_or("add");
        let filled = |word: &String| word.replace(TASK, task).replace(FOLDER, &folder);
        let mut words: Vec<_> = self.command.iter().map(filled).collect();
        if !self.command.iter().any(|word| word.contains(FOLDER)) {
            words.push(folder.clone());
        }
        let program = words.remove(0);
        let mut command = Command::new(&program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What a host that is killed leaves behind is removed with the case.
        command.env(TEMP_VARIABLE, plugins.temporary());
        let about = |error: std::io::Error| format!("{program}: {error}");
        let (child, group) = Group::spawn(&mut command).map_err(about)?;
        let output = timeout(self.patience, output_of(child)).await;
        let output = output.map_err(|_| in_vain("the end of the command"))?.map_err(about)?;
        Ok(Run { output, _group: group })
    }
}

/// A command that has ended.
struct Run {
    output: Output,
    _group: Group,
}

/// Judges how the command has ended, and what it has printed.
fn ended(case: &HostCase, run: &Run, variables: &mut Variables) -> Result<(), Halt> {
    let status = run.output.status;
    let printed = String::from_utf8_lossy(&run.output.stdout);
    ensure(status.success() == case.succeeds, || {
        let wanted = if case.succeeds { "success" } else { "failure" };
        let said = String::from_utf8_lossy(&run.output.stderr);
        format!("the command ended with {status}, not with {wanted}: {printed}{said}")
    })?;
    let Some(pattern) = &case.prints else {
        // As a word of its own: a path or a time may have that digit too.
        let mut words = printed.split(|letter: char| !letter.is_alphanumeric());
        return ensure(!case.succeeds || words.any(|word| word == "5"), || {
            format!("the command has succeeded, and has not printed the result, 5: {printed:?}")
        });
    };
    let lines: Result<Vec<Value>, _> = printed.lines().map(serde_json::from_str).collect();
    let lines = lines.map_err(|error| format!("the command prints what is no JSON: {error}"))?;
    let judged = fits(pattern, &json!(lines), variables);
    Ok(judged.map_err(|reason| format!("what the command has printed: {reason}"))?)
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
    let requests = journal.requests.iter().filter(|request| request["to"] == **to);
    let requests: Vec<_> = requests.cloned().collect();
    fits(&expected.times, &json!(requests.len()), variables)
        .map_err(|reason| format!("{} requests to {to}: {reason}", requests.len()))?;
    if let Some(pattern) = &expected.are {
        for request in &requests {
            fits(pattern, request, variables)
                .map_err(|reason| format!("a request to {to}: {reason}"))?;
        }
    }
    match &expected.in_order {
        Some(pattern) => Ok(fits(pattern, &json!(requests), variables)
            .map_err(|reason| format!("the requests to {to}: {reason}"))?),
        None => Ok(()),
    }
}

/// Judges the replies to an event.
fn replied(expected: &Replies, journal: &Journal, variables: &mut Variables) -> Result<(), Halt> {
    let to = expected.to;
    let replies: Vec<_> = journal.replies.iter().filter(|reply| reply["to"] == to).collect();
    let times = expected.times.clone().unwrap_or(json!(1));
    fits(&times, &json!(replies.len()), variables)
        .map_err(|reason| format!("{} replies to the event {to}: {reason}", replies.len()))?;
    for reply in replies {
        if let Some(pattern) = &expected.are {
            fits(pattern, reply, variables)
                .map_err(|reason| format!("the reply to the event {to}: {reason}"))?;
        }
    }
    Ok(())
}
