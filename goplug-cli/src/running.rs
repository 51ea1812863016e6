//! The processes that serve a plugin.

use std::path::PathBuf;

use goplug::PluginId;
use serde::Serialize;

use crate::output;
use crate::pconf::Pconf;
use crate::system::{PluginProcess, Server, server};

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

impl From<&PluginProcess> for Running {
    fn from(process: &PluginProcess) -> Self {
        Self { pid: Some(process.pid), host: Some(process.host), socket: process.socket.clone() }
    }
}
