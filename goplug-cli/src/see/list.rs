//! `goplug ls`: the plugins of a folder.

use std::path::{Path, PathBuf};

use goplug::{DiscoveredPlugin, RejectedFile};
use serde::Serialize;

use crate::arguments::Folder;
use crate::failure::{Outcome, Status, one_line};
use crate::opened::registry;
use crate::output::{self, Output};
use crate::pconf::Pconf;
use crate::running::Running;
use crate::system::PluginProcess;

/// A line of the list.
#[derive(Debug, Serialize)]
struct Entry {
    /// Empty if the file does not say it.
    name: String,
    version: Option<String>,
    state: State,
    /// Why a file is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The processes that serve it: a plugin that several hosts have loaded has several.
    processes: Vec<Running>,
    methods: Option<usize>,
    /// The plugin that the program is, if this is another name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_of: Option<String>,
    /// What it asks of its host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<String>,
    /// Whether the plugin is installed for development.
    #[serde(skip_serializing_if = "is_false")]
    development: bool,
    /// What is started, or the socket to which hosts connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    #[serde(serialize_with = "output::path")]
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// A process serves it.
    Running,
    Found,
    Rejected,
    MissingProgram,
}

impl State {
    fn title(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Found => "found",
            Self::Rejected => "rejected",
            Self::MissingProgram => "missing program",
        }
    }
}

pub(crate) async fn list(options: &Folder, output: &Output) -> Outcome<Status> {
    let registry = registry(&options.dir).await?;
    let mut entries = Vec::new();
    let processes = PluginProcess::all();
    for plugin in registry.discovered() {
        entries.push(found(&plugin, &processes).await);
    }
    entries.extend(registry.rejected().into_iter().map(rejected));
    registry.stop().await?;
    if output.is_json() {
        output.document(&entries)?;
    } else if entries.is_empty() {
        output.note(&format!("there are no plugins in {}", options.dir.display()));
    } else {
        let header = ["NAME", "VERSION", "STATE", "PID", "METHODS", "FROM"];
        output.table(&header, &[4], entries.iter().map(Entry::row).collect())?;
    }
    Ok(Status::Success)
}

impl Entry {
    fn row(&self) -> Vec<String> {
        let file =
            self.file.file_name().map_or_else(String::new, |name| name.display().to_string());
        let name = if self.name.is_empty() { file } else { self.name.clone() };
        let pids = self.processes.iter().filter_map(|process| process.pid);
        let pids = pids.map(|pid| pid.to_string()).collect::<Vec<_>>().join(" ");
        let from = self.reason.as_ref().or(self.program.as_ref());
        let from = from.map_or_else(|| "-".into(), |from| one_line(from));
        vec![
            name,
            self.version.clone().unwrap_or_else(|| "-".into()),
            self.state.title().into(),
            if pids.is_empty() { "-".into() } else { pids },
            self.methods.map_or_else(|| "-".into(), |methods| methods.to_string()),
            from + &self.remark(),
        ]
    }
}

impl Entry {
    /// What tells this from a plugin as its program has installed it.
    fn remark(&self) -> String {
        let alias = self.alias_of.as_ref().map(|plugin| format!(" (alias of {plugin})"));
        let development = self.development.then(|| " (development)".to_owned());
        alias.into_iter().chain(development).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

async fn found(plugin: &DiscoveredPlugin, processes: &[PluginProcess]) -> Entry {
    let file = plugin.path().map(Path::to_owned).unwrap_or_default();
    // The registry has read the file; what it has read there is what is read here.
    let pconf = Pconf::read(&file);
    let is_missing = pconf.program().is_some_and(|program| !program.exists());
    let processes = Running::of(processes, plugin.id(), &pconf).await;
    let state = match () {
        () if !processes.is_empty() => State::Running,
        () if is_missing => State::MissingProgram,
        () => State::Found,
    };
    let sock = pconf.sock.as_ref().map(|sock| sock.display().to_string());
    Entry {
        name: plugin.id().to_string(),
        version: plugin.version(),
        state,
        reason: None,
        processes,
        methods: plugin.descriptor().map(|descriptor| descriptor.methods.len()),
        alias_of: plugin.alias_of().map(ToString::to_string),
        permissions: pconf.asks().iter().map(ToString::to_string).collect(),
        development: plugin.is_in_development(),
        program: sock.or_else(|| pconf.exec().map(str::to_owned)),
        file,
    }
}

fn rejected(file: RejectedFile) -> Entry {
    Entry {
        name: String::new(),
        version: None,
        state: State::Rejected,
        reason: Some(file.reason),
        processes: Vec::new(),
        methods: None,
        alias_of: None,
        permissions: Vec::new(),
        development: false,
        program: None,
        file: file.path,
    }
}
