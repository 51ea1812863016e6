//! A case that runs: its processes, its connections and its variables.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::connection::Connection;
use super::halt::Halt;
use super::subject::{Running, Subject};
use super::variables::Variables;
use crate::system::temporary_folder;

/// A case that runs.
pub(super) struct Run<'a> {
    pub(super) subject: &'a Subject,
    running: Option<&'a mut Running>,
    pub(super) variables: Variables,
    pub(super) connections: BTreeMap<String, Connection>,
    /// Connections without a name, which stay open until the end of the case.
    others: Vec<Connection>,
    /// A second process, and whether steps run on it.
    pub(super) other: Option<Running>,
    pub(super) is_other: bool,
    _folder: TempDir,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        subject: &'a Subject,
        running: Option<&'a mut Running>,
    ) -> Result<Self, Halt> {
        let folder = temporary_folder()?;
        let mut variables = Variables::default();
        variables.set("folder", folder.path().display().to_string());
        if let Some(running) = &running {
            variables.set("inherited", running.process.inherited());
        }
        let identity = |key: &str| subject.descriptor[key].as_str().unwrap_or_default();
        let (namespace, name) = (identity("namespace"), identity("name"));
        let dot = if namespace.is_empty() { "" } else { "." };
        variables.set("plugin", format!("{namespace}{dot}{name}"));
        Ok(Self {
            subject,
            running,
            variables,
            connections: BTreeMap::new(),
            others: Vec::new(),
            other: None,
            is_other: false,
            _folder: folder,
        })
    }

    pub(super) fn running(&mut self) -> Result<&mut Running, Halt> {
        let running = if self.is_other { self.other.as_mut() } else { self.running.as_deref_mut() };
        running.ok_or("the case has no process".into())
    }

    pub(super) fn on(&mut self, name: &str) -> Result<&mut Connection, Halt> {
        let connection = self.connections.get_mut(name);
        connection.ok_or_else(|| format!("the case has no connection {name}").into())
    }

    pub(super) async fn connect(&mut self) -> Result<Connection, Halt> {
        let patience = self.subject.patience;
        Ok(Connection::open(&self.running()?.process, patience).await?)
    }

    /// The connection of this name, which is opened if it is new.
    pub(super) async fn take(&mut self, name: Option<&String>) -> Result<Connection, Halt> {
        match name.and_then(|name| self.connections.remove(name)) {
            Some(connection) => Ok(connection),
            None => self.connect().await,
        }
    }

    pub(super) fn keep(&mut self, name: Option<&String>, connection: Connection) {
        match name {
            Some(name) => drop(self.connections.insert(name.clone(), connection)),
            None => self.others.push(connection),
        }
    }
}
