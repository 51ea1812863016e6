//! What hosts leave behind.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::system::PluginProcess;

/// What this user's hosts have left: nothing, since a pipe is gone with the process that has made it.
#[derive(Debug, Default)]
pub(crate) struct HostFolders {
    /// How many hosts have started a plugin that serves.
    pub(crate) serving: usize,
    pub(crate) dead: Vec<PathBuf>,
}

impl HostFolders {
    /// Looks for the hosts of all plugins' processes.
    pub(crate) fn find() -> Self {
        let plugins = PluginProcess::all().into_iter();
        let hosts: HashSet<_> = plugins.map(|plugin| plugin.host).collect();
        Self { serving: hosts.len(), dead: Vec::new() }
    }
}
