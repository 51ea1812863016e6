//! Tries a host: gives a command a folder with a scripted plugin, and looks at what the plugin has got.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::case::{Case, Kind, Needs, Start};
use super::connection::in_vain;
use super::pattern::fits;
use super::runner::{Tried, Verdict};
use super::script::{HostCase, HostSuite, Requests};
use super::scripted::Orders;
use super::variables::Variables;
use crate::failure::Outcome;
use crate::system::{command_line, create_folder, kill, temporary_folder};

/// What stands for the folder in a command.
const FOLDER: &str = "{}";

/// The plugin that the command has to use.
const NAME: &str = "Probe";
const NAMESPACE: &str = "conformance";

const PAUSE: Duration = Duration::from_millis(20);

/// The cases, as they are shown.
pub(super) fn shown() -> Outcome<Vec<Case>> {
    let suite = suite()?;
    let shown = |case: &HostCase| Case {
        name: name(case),
        says: case.says.clone(),
        section: match case.section.as_str() {
            "" => suite.section.clone(),
            section => section.to_owned(),
        },
        process: Kind::None,
        start: Start::default(),
        needs: Needs::default(),
        find: None,
        steps: Vec::new(),
    };
    Ok(suite.cases.iter().map(shown).collect())
}

fn suite() -> Outcome<HostSuite> {
    let text = include_str!("../../conformance/host.json");
    Ok(serde_json::from_str(text)
        .map_err(|error| std::io::Error::other(format!("conformance/host.json: {error}")))?)
}

fn name(case: &HostCase) -> String {
    format!("host/{}", case.name)
}

/// The host that is tried.
pub(super) struct Host {
    /// Its program and arguments.
    command: Vec<String>,
    /// How long the command, and the end of its plugin, may take.
    patience: Duration,
    cases: Vec<HostCase>,
}

impl Host {
    pub(super) fn new(command: &[String], patience: Duration) -> Outcome<Self> {
        Ok(Self { command: command.to_vec(), patience, cases: suite()?.cases })
    }

    /// Tries a case.
    pub(super) async fn attempt<'a>(&self, shown: &'a Case) -> Tried<'a> {
        let began = Instant::now();
        let judged = match self.cases.iter().find(|case| name(case) == shown.name) {
            Some(case) => judged(case, &self.command, self.patience).await,
            None => Err(format!("there is no case {}", shown.name)),
        };
        let verdict = judged.map_or_else(Verdict::Failed, |()| Verdict::Passed);
        Tried { case: shown, verdict, took: began.elapsed() }
    }
}

/// What the scripted plugin has written down.
struct Journal {
    started: Vec<Value>,
    requests: Vec<Value>,
}

impl Journal {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        // A process that was killed has left half a line, at the worst.
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines: Vec<_> = lines.collect();
        let of = |key: &str| lines.iter().filter_map(|line| line.get(key)).cloned().collect();
        Self { started: of("started"), requests: of("request") }
    }

    /// The processes that have not ended.
    fn alive(&self, orders: &Path) -> Vec<u64> {
        let processes = self.started.iter().filter_map(|started| started["process"].as_u64());
        let orders = orders.display().to_string();
        let is_alive =
            |process: &u64| command_line(*process).is_ok_and(|line| line.contains(&orders));
        processes.filter(is_alive).collect()
    }
}

async fn judged(case: &HostCase, command: &[String], patience: Duration) -> Result<(), String> {
    let plugins = Plugins::new(case).map_err(|error| error.to_string())?;
    let run = plugins.run(command, patience).await;
    let ended = plugins.end(patience).await;
    let (status, printed) = run?;
    let journal = Journal::read(&plugins.journal);
    if status.success() != case.succeeds {
        let wanted = if case.succeeds { "success" } else { "failure" };
        return Err(format!("the command ended with {status}, not with {wanted}: {printed}"));
    }
    if case.succeeds && !printed.contains('5') {
        return Err(format!(
            "the command has succeeded, and has not printed the result, 5: {printed:?}"
        ));
    }
    if let Some(processes) = case.processes.filter(|count| *count != journal.started.len()) {
        let started = journal.started.len();
        return Err(format!("the plugin was started {started} times, not {processes}"));
    }
    let mut variables = Variables::default();
    variables.set("folder", plugins.folder.display().to_string());
    if let Some(pattern) = &case.started {
        let pattern = variables.replace(pattern);
        for started in &journal.started {
            fits(&pattern, started, &mut variables)
                .map_err(|reason| format!("at the start of the plugin: {reason}"))?;
        }
    }
    case.requests.iter().try_for_each(|requests| sent(requests, &journal))?;
    ended
}

/// Judges the requests of a kind.
fn sent(expected: &Requests, journal: &Journal) -> Result<(), String> {
    let to = &expected.to;
    let found: Vec<_> = journal.requests.iter().filter(|request| request["to"] == **to).collect();
    if let Some(times) = expected.times.filter(|times| *times != found.len()) {
        return Err(format!("the host has sent {} requests to {to}, not {times}", found.len()));
    }
    for request in found {
        if let Some(pattern) = &expected.are {
            fits(pattern, request, &mut Variables::default())
                .map_err(|reason| format!("a request to {to}: {reason}"))?;
        }
    }
    Ok(())
}

/// The folder of a case, with the plugin's orders.
struct Plugins {
    _temp: TempDir,
    folder: std::path::PathBuf,
    orders: std::path::PathBuf,
    journal: std::path::PathBuf,
}

impl Plugins {
    fn new(case: &HostCase) -> std::io::Result<Self> {
        let temp = temporary_folder()?;
        let path = fs::canonicalize(temp.path())?;
        let (folder, orders) = (path.join("plugins"), path.join("orders"));
        create_folder(&folder)?;
        let journal = path.join("journal");
        let written = Orders {
            script: case.script.clone(),
            journal: journal.clone(),
            descriptor: descriptor(),
        };
        fs::write(&orders, serde_json::to_vec(&written)?)?;
        let mut keys = json!({
            "Name": NAME,
            "NameSpace": NAMESPACE,
            "Protocol": 2,
            "Version": "1.0.0",
            "Exec": [std::env::current_exe()?, "scripted-plugin", orders],
            "Methods": descriptor()["methods"],
        });
        for (key, value) in &case.keys {
            keys[key] = value.clone();
        }
        // `null` in a case is no key at all.
        keys.as_object_mut().into_iter().for_each(|keys| keys.retain(|_, value| !value.is_null()));
        fs::write(folder.join("conformance.Probe.pconf"), keys.to_string())?;
        for (name, body) in &case.files {
            fs::write(folder.join(name), body.bytes().map_err(std::io::Error::other)?)?;
        }
        Ok(Self { _temp: temp, folder, orders, journal })
    }

    /// Runs the command. Returns its exit status and what it has printed.
    async fn run(
        &self,
        command: &[String],
        patience: Duration,
    ) -> Result<(std::process::ExitStatus, String), String> {
        let folder = self.folder.display().to_string();
        let mut words: Vec<_> = command.iter().map(|word| word.replace(FOLDER, &folder)).collect();
        if !command.iter().any(|word| word.contains(FOLDER)) {
            words.push(folder);
        }
        let program = words.remove(0);
        let mut command = Command::new(&program);
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(patience, command.output()).await;
        let output = output.map_err(|_| in_vain("the end of the command"))?;
        let output = output.map_err(|error| format!("{program}: {error}"))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok((output.status, printed)),
            false => Ok((output.status, String::from_utf8_lossy(&output.stderr).into_owned())),
        }
    }

    /// Waits for the end of the plugin's processes, and sees to it.
    async fn end(&self, patience: Duration) -> Result<(), String> {
        let end = Instant::now() + patience;
        loop {
            let alive = Journal::read(&self.journal).alive(&self.orders);
            if alive.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                alive.iter().for_each(|process| kill(*process));
                return Err("the plugin has outlived its host".into());
            }
            sleep(PAUSE).await;
        }
    }
}

/// What the scripted plugin says that it is.
fn descriptor() -> Value {
    let integer = |name: &str| json!({ "name": name, "type": "i64" });
    let add = json!({
        "name": "add",
        "params": [integer("a"), integer("b")],
        "returns": { "type": "i64" },
        "fingerprint": "bb364c15d84acd2c",
    });
    json!({ "name": NAME, "namespace": NAMESPACE, "version": "1.0.0", "protocol": 2, "methods": [add] })
}
