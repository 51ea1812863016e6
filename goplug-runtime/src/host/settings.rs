//! What holds for every plugin of a registry.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use crate::protocol::PluginId;

/// The settings of a registry; `RegistryBuilder` explains each.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) call_timeout: Duration,
    pub(super) start_timeout: Duration,
    pub(super) grace: Duration,
    pub(super) body_limit: usize,
    pub(super) trust_writable: bool,
    pub(super) environment: BTreeMap<OsString, OsString>,
    pub(super) configurations: BTreeMap<PluginId, Bytes>,
}

impl Settings {
    /// What this plugin's activation is given; empty where nothing is set.
    pub(super) fn configuration(&self, id: &PluginId) -> Bytes {
        self.configurations.get(id).cloned().unwrap_or_default()
    }
}
