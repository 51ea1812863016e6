//! What all handles of one plugin share with its supervisor: where it stands, the
//! current run, and the way to the supervisor.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::callbacks::Callbacks;
use super::installed::Installed;
use super::policy::Policy;
use super::service::Service;
use crate::error::{Error, Result};
use crate::protocol::PluginId;

/// A wish of a handle or of the registry.
pub(super) enum Command {
    /// Start the plugin, unless it runs.
    Load(oneshot::Sender<Result<()>>),
    /// Start the plugin because it was discovered; a failure rejects its file.
    AutoLoad,
    /// Stop the plugin, if it runs.
    Unload(oneshot::Sender<Result<()>>),
    /// Stop the plugin, if it runs, and start it.
    Reload(oneshot::Sender<Result<()>>),
    /// See whether a lazy plugin that starts itself is there; if not, its file is
    /// rejected.
    Examine,
    /// The plugin's `.pconf` is gone.
    Retire,
    /// The registry stops: stop the plugin for good.
    Close(oneshot::Sender<Result<()>>),
}

/// Where a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not in service: it crashed, its file is gone, or the registry has stopped.
    Stopped,
    /// Known and ready to be loaded.
    Discovered,
    /// Started, activated, and answering calls.
    Loaded,
}

/// What all handles of one plugin share with its supervisor.
pub(super) struct Core {
    id: PluginId,
    policy: Policy,
    status: Mutex<Status>,
    commands: mpsc::Sender<Command>,
    callbacks: Arc<Callbacks>,
}

struct Status {
    state: State,
    installed: Option<Arc<Installed>>,
    service: Option<Arc<Service>>,
}

impl Core {
    pub(super) fn new(id: PluginId, policy: Policy, commands: mpsc::Sender<Command>) -> Self {
        let status = Status { state: State::Stopped, installed: None, service: None };
        let callbacks = Arc::new(Callbacks::new());
        Self { id, policy, status: Mutex::new(status), commands, callbacks }
    }

    pub(super) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(super) fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    pub(super) fn state(&self) -> State {
        self.lock().state
    }

    pub(super) fn installed(&self) -> Option<Arc<Installed>> {
        self.lock().installed.clone()
    }

    /// The plugin has a `.pconf`, perhaps a new one.
    pub(super) fn install(&self, installed: Installed) {
        let mut status = self.lock();
        status.installed = Some(Arc::new(installed));
        if status.service.is_none() {
            status.state = State::Discovered;
        }
    }

    /// The plugin's `.pconf` is gone.
    pub(super) fn uninstall(&self) {
        let mut status = self.lock();
        status.installed = None;
        if status.service.is_none() {
            status.state = State::Stopped;
        }
    }

    /// The plugin runs.
    pub(super) fn serve(&self, service: Arc<Service>) {
        let mut status = self.lock();
        status.state = State::Loaded;
        status.service = Some(service);
    }

    /// The plugin does not run any more.
    pub(super) fn rest(&self, state: State) {
        let mut status = self.lock();
        status.service = None;
        status.state = if status.installed.is_some() { state } else { State::Stopped };
    }

    pub(super) fn service(&self) -> Option<Arc<Service>> {
        self.lock().service.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the supervisor carry out a command and waits for it.
    pub(super) async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<()>>) -> Command,
    ) -> Result<()> {
        let (done, outcome) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| Error::Stopped)?;
        outcome.await.unwrap_or(Err(Error::Stopped))
    }

    /// Has the supervisor carry out a command some time. A queue that is full holds
    /// commands that come to the same.
    pub(super) fn wish(&self, command: Command) {
        drop(self.commands.try_send(command));
    }
}
