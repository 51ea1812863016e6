//! What hosts leave behind.

use std::collections::HashSet;
use std::path::PathBuf;

use super::environment::{Environment, is_started_with};
use super::processes::{parent_of, process_ids};

/// What this user's hosts have left: nothing, since a pipe is gone with the process that has made it.
#[derive(Debug, Default)]
pub(crate) struct HostFolders {
    /// How many hosts have started a plugin that serves.
    pub(crate) serving: usize,
    pub(crate) dead: Vec<PathBuf>,
}

impl HostFolders {
    /// Looks for the hosts among all processes.
    pub(crate) fn find() -> Self {
        let is_plugin =
            |pid: &u32| Environment::of(*pid).is_some_and(|it| is_started_with(*pid, &it));
        let hosts: HashSet<_> = process_ids().filter(is_plugin).filter_map(parent_of).collect();
        Self { serving: hosts.len(), dead: Vec::new() }
    }
}
