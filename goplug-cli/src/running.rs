//! The processes that serve a plugin.

use std::future::pending;
use std::path::PathBuf;

use goplug::{Plugin, PluginId};
use serde::Serialize;

use crate::failure::{Failure, Outcome, Status};
use crate::output;
use crate::pconf::Pconf;
use crate::system::{PluginProcess, Server, Watched, server};

/// A process that serves a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Running {
    /// `None` if the system does not tell it.
    pub(crate) pid: Option<u32>,
    /// The process of the host that has started it. `None` if somebody else has.
    pub(crate) host: Option<u32>,
    #[serde(serialize_with = "output::path")]
    pub(crate) socket: PathBuf,
}

impl Running {
    /// Those of a plugin, with this `.pconf`: those that hosts have started from its program, and the
    /// process behind the socket that it names.
    pub(crate) async fn of(processes: &[PluginProcess], id: &PluginId, pconf: &Pconf) -> Vec<Self> {
        let program = pconf.program();
        let is_of_program = |process: &&PluginProcess| {
            program.as_ref().is_some_and(|program| process.runs(program))
        };
        let mut running: Vec<_> =
            Self::named(processes, id).filter(is_of_program).map(Self::from).collect();
        if let Some(socket) = pconf.socket() {
            running.extend(Self::behind(processes, socket).await);
        }
        running
    }

    /// The process that serves a socket, which may be one of these that hosts have started.
    pub(crate) async fn behind(processes: &[PluginProcess], socket: PathBuf) -> Option<Self> {
        let Server { pid } = server(&socket).await?;
        // The system names the process that has bound the socket, and that is the host.
        let started = processes.iter().find(|process| process.serves(&socket));
        Some(started.map_or(Self { pid, host: None, socket }, Self::from))
    }

    /// Those that hosts have started under this name, from whatever program.
    pub(crate) fn named<'a>(
        processes: &'a [PluginProcess],
        id: &PluginId,
    ) -> impl Iterator<Item = &'a PluginProcess> {
        processes
            .iter()
            .filter(|process| process.name == id.name() && process.namespace == id.namespace())
    }

    /// The process, and whose it is, for people.
    pub(crate) fn title(&self) -> String {
        let pid = self.pid.map_or_else(|| "unknown".into(), |pid| pid.to_string());
        match self.host {
            Some(host) => format!("pid {pid}, of the host {host}"),
            None => format!("pid {pid}"),
        }
    }
}

/// The id of the process of a plugin that has been started or attached to.
pub(crate) async fn process_of(plugin: &Plugin) -> Option<u32> {
    match plugin.process_id() {
        Some(own) => Some(own),
        None => serving(plugin).await?.pid,
    }
}

/// The process that somebody else has started; `None` if nobody serves the plugin's socket any more.
async fn serving(plugin: &Plugin) -> Option<Running> {
    Running::behind(&PluginProcess::all(), plugin.socket()?).await
}

/// Waits until the process of a plugin has ended, which is a failure.
pub(crate) async fn end_of(plugin: &Plugin) -> Outcome<Failure> {
    let ended =
        |about: &str| Failure::new(Status::Crash, format!("{} has ended{about}", plugin.id()));
    let pid = match plugin.process_id() {
        Some(own) => own,
        None => match serving(plugin).await {
            Some(Running { pid: Some(pid), .. }) => pid,
            // The system does not tell the process.
            Some(_) => pending().await,
            None => return Ok(ended("")),
        },
    };
    // Without one, it has ended already.
    if let Some(process) = Watched::new(pid)? {
        process.ended().await?;
    }
    Ok(ended(&format!(" (pid {pid})")))
}

impl From<&PluginProcess> for Running {
    fn from(process: &PluginProcess) -> Self {
        Self { pid: Some(process.pid), host: Some(process.host), socket: process.socket.clone() }
    }
}
