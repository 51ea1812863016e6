//! What all handles of one plugin share with its supervisor: where it stands, the
//! current run, and the way to the supervisor.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::callbacks::Callbacks;
use super::installed::Installed;
use super::policy::Policy;
use super::service::{Lease, Service};
use crate::error::{Error, Result};
use crate::protocol::{Descriptor, PluginId};
use crate::typed::Expectation;

/// What a handle or the registry asks of the supervisor, and where the outcome goes.
pub(super) enum Command {
    /// Start the plugin, unless it runs.
    Load(oneshot::Sender<Result<()>>),
    /// The same for a call, unless that is gone by then.
    Wake(oneshot::Sender<Result<()>>),
    /// Stop the plugin, if it runs.
    Unload(oneshot::Sender<Result<()>>),
    /// Put a new process in the place of the running one, or start the plugin.
    Reload(oneshot::Sender<Result<()>>),
    /// The registry stops: stop the plugin for good.
    Close(oneshot::Sender<Result<()>>),
}

/// Where a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not in service: it crashed, and may be about to be restarted; its file is gone; or
    /// the registry has stopped.
    Stopped,
    /// Known and ready to be loaded; or idle, and started by the next call.
    Discovered,
    /// Started, activated, and answering calls.
    Loaded,
}

/// What all handles of one plugin share with its supervisor.
pub(super) struct Core {
    id: PluginId,
    policy: Policy,
    status: Mutex<Status>,
    /// Wakes the calls that wait for a run.
    changed: Notify,
    /// Wakes the supervisor.
    attention: Notify,
    commands: mpsc::Sender<Command>,
    /// Whether the registry stops.
    closing: watch::Sender<bool>,
    callbacks: Arc<Callbacks>,
}

struct Status {
    state: State,
    installed: Option<Arc<Installed>>,
    service: Option<Arc<Service>>,
    prospect: Prospect,
    /// What the typed clients that were bound need of every further run.
    expectations: Vec<Expectation>,
    /// Whether the supervisor is to follow what the plugin's files say by now.
    follow: bool,
}

/// What a call can expect where nothing serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prospect {
    /// Nothing, until somebody loads the plugin.
    None,
    /// The same, for this reason.
    GivenUp(String),
    /// A restart, which is on its way.
    Restart,
    /// A start as soon as there is a call.
    OnDemand,
}

impl Core {
    pub(super) fn new(id: PluginId, policy: Policy, commands: mpsc::Sender<Command>) -> Self {
        let status = Status {
            state: State::Stopped,
            installed: None,
            service: None,
            prospect: Prospect::None,
            expectations: Vec::new(),
            follow: false,
        };
        Self {
            id,
            policy,
            status: Mutex::new(status),
            changed: Notify::new(),
            attention: Notify::new(),
            commands,
            closing: watch::Sender::new(false),
            callbacks: Arc::new(Callbacks::new()),
        }
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
        if status.service.is_none() && status.prospect != Prospect::Restart {
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

    /// This run takes the calls from now on, instead of the one before.
    pub(super) fn serve(&self, service: Arc<Service>) {
        let mut status = self.lock();
        status.state = State::Loaded;
        status.prospect = Prospect::None;
        status.service = Some(service);
        drop(status);
        self.changed.notify_waiters();
    }

    /// Nothing serves any more, and this is what a call can expect.
    pub(super) fn rest(&self, state: State, prospect: Prospect) {
        let mut status = self.lock();
        status.service = None;
        status.state = if status.installed.is_some() { state } else { State::Stopped };
        status.prospect = prospect;
        drop(status);
        self.changed.notify_waiters();
    }

    /// The same until the next call, unless there is a call just now.
    pub(super) fn rest_if_idle(&self) -> bool {
        let mut status = self.lock();
        let idle = status.service.as_ref().is_some_and(|service| service.calls() == 0);
        if idle {
            status.service = None;
            status.state = State::Discovered;
            status.prospect = Prospect::OnDemand;
        }
        idle
    }

    /// The current run, to be looked at.
    pub(super) fn service(&self) -> Option<Arc<Service>> {
        self.lock().service.clone()
    }

    /// A run to make a call with: the current one, or the one that is on its way.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where none is to be expected, or none comes by the deadline;
    /// why a plugin that starts on demand did not start.
    pub(super) async fn run(&self, deadline: Instant) -> Result<Lease> {
        if let Ok(lease) = self.lease() {
            return Ok(lease);
        }
        match timeout_at(deadline, self.next_run()).await {
            Ok(run) => run,
            Err(_) => Err(self.overdue()),
        }
    }

    /// The same for as long as it takes. Cancel safe.
    ///
    /// # Errors
    /// As [`Core::run`].
    pub(super) async fn next_run(&self) -> Result<Lease> {
        loop {
            let prospect = match self.lease() {
                Ok(lease) => return Ok(lease),
                Err(prospect) => prospect,
            };
            match prospect {
                Prospect::None | Prospect::GivenUp(_) => return Err(self.absent(&prospect)),
                Prospect::Restart => {
                    let mut changed = pin!(self.changed.notified());
                    changed.as_mut().enable();
                    if self.lock().prospect == Prospect::Restart {
                        changed.await;
                    }
                }
                Prospect::OnDemand => self.command(Command::Wake).await?,
            }
        }
    }

    /// The error of a call that waited for a run until its deadline.
    pub(super) fn overdue(&self) -> Error {
        let prospect = self.lock().prospect.clone();
        self.absent(&prospect)
    }

    /// Whether a call that this run did not execute can be made again, with another run.
    pub(super) fn has_successor(&self, run: &Service) -> bool {
        let status = self.lock();
        match &status.service {
            Some(current) => !std::ptr::eq(Arc::as_ptr(current), run),
            None => matches!(status.prospect, Prospect::Restart | Prospect::OnDemand),
        }
    }

    /// The current run, to make a call with.
    ///
    /// # Errors
    /// What is to be expected where there is none.
    pub(super) fn lease(&self) -> Result<Lease, Prospect> {
        let status = self.lock();
        match &status.service {
            // Under the lock, so that a run that is replaced knows all of its calls.
            Some(service) => Ok(service.lease()),
            None => Err(status.prospect.clone()),
        }
    }

    /// The error of a call where nothing serves.
    fn absent(&self, prospect: &Prospect) -> Error {
        let reason = match (prospect, self.state()) {
            (Prospect::GivenUp(reason), _) => format!("it was given up: {reason}"),
            (Prospect::Restart, _) => "it is being restarted, which takes too long".into(),
            (Prospect::OnDemand, _) => "it is being started, which takes too long".into(),
            (Prospect::None, State::Stopped) => "it is stopped".into(),
            (Prospect::None, State::Discovered | State::Loaded) => "it is not loaded".into(),
        };
        Error::Unavailable { id: self.id.clone(), reason }
    }

    /// A typed client needs this of every further run.
    pub(super) fn expect(&self, expectation: &Expectation) {
        let expectations = &mut self.lock().expectations;
        // One for each type of client: the program bounds their number.
        if !expectations.iter().any(|known| known.client() == expectation.client()) {
            expectations.push(expectation.clone());
        }
    }

    /// Whether a new run offers what the clients of the old one need.
    ///
    /// # Errors
    /// [`Error::Contract`] names the first client that it does not fit, with each
    /// difference.
    pub(super) fn check(&self, descriptor: &Descriptor) -> Result<()> {
        let expectations = self.lock().expectations.clone();
        for expectation in expectations {
            let differences = expectation.differences(descriptor);
            if !differences.is_empty() {
                let client = expectation.client();
                return Err(Error::Contract { id: self.id.clone(), client, differences });
            }
        }
        Ok(())
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

    /// Has the supervisor stop the plugin for good, even while it starts, and waits for it.
    pub(super) async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        self.command(Command::Close).await
    }

    /// Resolves when the plugin is to be stopped for good.
    pub(super) async fn closing(&self) {
        // The sender is here as long as this is.
        drop(self.closing.subscribe().wait_for(|closing| *closing).await);
    }

    /// Has the supervisor look at the plugin's files: whether they are still there, and,
    /// if it is to follow them, what they say by now. However often this is said in the
    /// meantime, it looks once.
    pub(super) fn attend(&self, follow: bool) {
        self.lock().follow |= follow;
        self.attention.notify_one();
    }

    /// Waits until the supervisor is to look; answers whether it is to follow. Cancel safe.
    pub(super) async fn attention(&self) -> bool {
        self.attention.notified().await;
        std::mem::take(&mut self.lock().follow)
    }

    /// Whether the registry stops.
    pub(super) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }
}
