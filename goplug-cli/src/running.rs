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
            running.extend(Self::behind(socket).await);
        }
        running
    }

    /// The process that listens on a socket.
    pub(crate) async fn behind(socket: PathBuf) -> Option<Self> {
        let Server { pid } = server(&socket).await?;
        Some(Self { pid, host: None, socket })
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
    if let Some(own) = plugin.process_id() {
        return Some(own);
    }
    Running::behind(plugin.socket()?).await?.pid
}

/// Waits until the process of a plugin has ended, which is a failure.
pub(crate) async fn end_of(plugin: &Plugin) -> Outcome<Failure> {
    let pid = process_of(plugin).await;
    match pid.map(Watched::new).transpose()?.flatten() {
        Some(process) => process.ended().await?,
        // It cannot be seen, or has ended already.
        None if pid.is_none() => pending().await,
        None => {}
    }
    let pid = pid.unwrap_or_default();
    Ok(Failure::new(Status::Crash, format!("{} has ended (pid {pid})", plugin.id())))
}

impl From<&PluginProcess> for Running {
    fn from(process: &PluginProcess) -> Self {
        Self { pid: Some(process.pid), host: Some(process.host), socket: process.socket.clone() }
    }
}
