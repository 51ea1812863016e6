//! The plugin that is tried.

use std::path::{Path, PathBuf, is_separator};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::case::{Answer, Answers, Find, Needs, Start};
use super::connection::{Connection, Response};
use super::halt::Halt;
use super::judge;
use super::members::Members;
use super::variables::Variables;
use crate::failure::{Failure, Outcome};
use crate::pconf;
use crate::program::run_install;
use crate::system::{Launch, Process, ending, real_path, temporary_folder};

/// How long the end of a process may take whose connection has failed.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// How many characters of a process's last line are shown.
const LAST_WORDS: usize = 200;

/// The plugin, its file, and what it offers.
pub(super) struct Subject {
    /// The program and its arguments.
    command: Vec<String>,
    /// The working directory of its processes.
    folder: PathBuf,
    /// Its `.pconf`, if it has one.
    pub(super) pconf: Option<(PathBuf, Value)>,
    /// The `.pconf` files in its folder before it has been started.
    pub(super) files: Vec<PathBuf>,
    /// What it answers to an activation.
    pub(super) descriptor: Value,
    members: Members,
    /// How long each wait may take.
    pub(super) patience: Duration,
    /// The folder of the `.pconf`, if it has been written for the cases.
    _installed: Option<TempDir>,
}

/// A process with the folder of its socket.
pub(super) struct Running {
    pub(super) process: Process,
    _own: TempDir,
}

impl Running {
    /// What a sentence about the process ends with: the last line that it has printed, if there is any.
    pub(super) fn last_words(&self) -> String {
        let said = self.process.said();
        let Some(last) = said.lines().rev().find(|line| !line.trim().is_empty()) else {
            return String::new();
        };
        let end = last.char_indices().nth(LAST_WORDS).map_or(last.len(), |(end, _)| end);
        format!("; its last output: {}", &last[..end])
    }

    pub(super) async fn close(self) {
        self.process.close().await;
    }
}

impl Subject {
    /// Installs a plugin, and has it activated once.
    pub(super) async fn open(program: &[String], patience: Duration) -> Outcome<Self> {
        let folder = temporary_folder()?;
        let mut subject = Self {
            command: program.to_vec(),
            folder: std::env::current_dir()?,
            pconf: None,
            files: Vec::new(),
            descriptor: Value::Null,
            members: Members::new()?,
            patience,
            _installed: None,
        };
        let first = program.first().map(String::as_str).unwrap_or_default();
        if first.ends_with(".pconf") {
            subject.announced(found(first)?)?;
        } else {
            if first.contains(is_separator) {
                subject.command[0] = found(first)?.display().to_string();
            }
            // Installing is a convention. A plugin without it is tried as it is.
            let (name, arguments) = subject.command.split_at(1);
            let installed = run_install(Path::new(&name[0]), arguments, folder.path()).await;
            if let (Ok(_), Some(path)) = (installed, pconf::files(folder.path()).pop()) {
                subject.announced(path)?;
                subject._installed = Some(folder);
            }
        }
        subject.descriptor = subject.learnt().await?;
        Ok(subject)
    }

    fn announced(&mut self, path: PathBuf) -> Outcome<()> {
        let unusable =
            |reason: String| Failure::unreachable(format!("{}: {reason}", path.display()));
        let keys: Value = serde_json::from_slice(
            &pconf::read_regular(&path).map_err(|error| unusable(error.to_string()))?,
        )
        .map_err(|error| unusable(error.to_string()))?;
        let words = keys["Exec"].as_array().into_iter().flatten();
        let mut command: Vec<_> = words.filter_map(Value::as_str).map(str::to_owned).collect();
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let program = command.first_mut().ok_or_else(|| unusable("no Exec".into()))?;
        *program = folder.join(&*program).display().to_string();
        (self.command, self.folder) = (command, folder);
        self.files = pconf::files(&self.folder);
        self.pconf = Some((path, keys));
        Ok(())
    }

    /// What the plugin says that it is.
    async fn learnt(&self) -> Outcome<Value> {
        let mut running = match self.start(Start::default()) {
            Ok(running) => running,
            Err(Halt::Failed(reason) | Halt::Skipped(reason)) => {
                return Err(Failure::unreachable(reason));
            }
        };
        let activated = self.activate(&mut running, &Value::Null).await;
        let Err(reason) = &activated else {
            running.close().await;
            return activated.map_err(Failure::unreachable);
        };
        // The end of a process is why a connection to it fails, and not the other way round.
        let reason = match timeout(END_TIMEOUT, running.process.end()).await {
            Ok(Ok(status)) => ending(status),
            _ => reason.clone(),
        };
        let said = running.last_words();
        running.close().await;
        Err(Failure::unreachable(format!("the plugin cannot be activated: {reason}{said}")))
    }

    /// Starts a process, as a host does or without any host.
    pub(super) fn start(&self, start: Start) -> Result<Running, Halt> {
        let own = temporary_folder()?;
        let key = |key: &str| match &self.pconf {
            Some((_, keys)) => keys[key].as_str().unwrap_or_default().to_owned(),
            None => String::new(),
        };
        let environment = vec![
            ("GOPLUG_PROTOCOL", "2".into()),
            ("GOPLUG_NAME", key("Name")),
            ("GOPLUG_NAMESPACE", key("NameSpace")),
        ];
        let process = Process::start(&Launch {
            command: &self.command,
            folder: &self.folder,
            own: own.path(),
            environment,
            has_host: !start.alone,
            listen_pid: start.listen_pid,
            is_output_broken: start.broken_output,
        });
        let process = process.map_err(|error| match Halt::from(error) {
            Halt::Failed(reason) => Halt::Failed(format!("{}: {reason}", self.command.join(" "))),
            skipped @ Halt::Skipped(_) => skipped,
        })?;
        Ok(Running { process, _own: own })
    }

    /// Starts a process, and activates it.
    pub(super) async fn start_active(&self, start: Start) -> Result<Running, Halt> {
        let mut running = self.start(start)?;
        self.activate(&mut running, &Value::Null).await?;
        Ok(running)
    }

    /// Activates a process, and returns what it answers.
    pub(super) async fn activate(
        &self,
        running: &mut Running,
        configuration: &Value,
    ) -> Result<Value, String> {
        let connected = Connection::open(&running.process, self.patience).await;
        let mut connection = connected?;
        let body = configuration.to_string();
        let head = "POST /Activate HTTP/1.1\r\nHost: goplug\r\nGoplug-Protocol: 2\r\n";
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        connection.send(request.as_bytes()).await?;
        let response: Response = connection.response().await?;
        let right = Answer { status: Some(json!(200)), ..Answer::default() };
        let right = Answers::One(Box::new(right));
        judge::response(&right, &response, &mut Variables::default())?;
        serde_json::from_slice(&response.body).map_err(|error| error.to_string())
    }

    /// Skips a case that needs something that the plugin lacks.
    pub(super) fn fulfils(&self, needs: &Needs) -> Result<(), Halt> {
        for member in &needs.members {
            self.members.has(member, &self.descriptor).map_err(Halt::Skipped)?;
        }
        let listed = |key: &str, name: &str| {
            let items = self.descriptor[key].as_array().into_iter().flatten();
            items.into_iter().any(|item| item == name || item["name"] == name)
        };
        if let Some(feature) = needs.features.iter().find(|feature| !listed("features", feature)) {
            return Err(Halt::Skipped(format!("the plugin has no feature {feature}")));
        }
        let lacks = |name: &&String| !listed("needs", name) && !listed("wants", name);
        if let Some(service) = needs.services.iter().find(lacks) {
            return Err(Halt::Skipped(format!("the plugin uses no service {service}")));
        }
        if needs.configuration && !self.is_configurable() {
            let text = "the plugin does not take the configuration of the conformance plugin";
            return Err(Halt::Skipped(text.into()));
        }
        if needs.pconf && self.pconf.is_none() {
            return Err(Halt::Skipped("the program does not `install` a .pconf".into()));
        }
        Ok(())
    }

    /// Whether the plugin has the hooks of the conformance plugin: `greeting` answers from its configuration.
    pub(super) fn is_configurable(&self) -> bool {
        self.members.has("greeting", &self.descriptor).is_ok()
    }

    /// Finds a method, and sets variables to its name and its first parameter.
    pub(super) fn find(&self, find: Find, variables: &mut Variables) -> Result<(), Halt> {
        let methods = self.descriptor["methods"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found = methods.iter().find(|method| is_found(find, method));
        let method = found
            .ok_or_else(|| Halt::Skipped(format!("the plugin has no method {}", find.words())))?;
        variables.set("method", method["name"].clone());
        variables.set("parameter", method["params"][0]["name"].clone());
        variables.set("type", method["params"][0]["type"].clone());
        Ok(())
    }
}

/// Whether a method is what a case looks for. It is only called in ways in which it does not begin: who knows what
/// it does.
fn is_found(find: Find, method: &Value) -> bool {
    let params = method["params"].as_array().map(Vec::as_slice).unwrap_or_default();
    let first = params.first().and_then(|param| param["type"].as_str());
    if params.iter().any(|param| param["stream"] == true) {
        return false;
    }
    let is_any_of = |types: &[&str]| first.is_some_and(|first| types.contains(&first));
    match find {
        Find::Any => true,
        Find::FirstInteger => is_any_of(&["i8", "i16", "i32", "i64", "int", "int64"]),
        Find::FirstUnsigned => is_any_of(&["u8", "u16", "u32", "u64", "usize", "uint64"]),
        Find::FirstText => is_any_of(&["String", "string", "str"]),
        Find::FirstObject => first.is_some_and(|first| {
            let is_name = first.chars().all(char::is_alphanumeric);
            is_name
                && first.len() > 3
                && first.starts_with(char::is_uppercase)
                && !["String", "Bytes", "PathBuf", "Duration", "Value"].contains(&first)
        }),
    }
}

/// The whole path of a file that a user names.
fn found(path: &str) -> Outcome<PathBuf> {
    real_path(path).map_err(|error| Failure::unreachable(format!("{path}: {error}")))
}
