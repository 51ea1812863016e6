//! What all handles of one plugin share with its supervisor: where it stands, the current
//! instance, and the way to the supervisor.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout_at;

use super::availability::{Acquired, Availability, State};
use super::command::{Command, Recheck};
use crate::error::{Error, Result};
use crate::host::callbacks::Callbacks;
use crate::host::install::Installation;
use crate::host::instance::{CallGuard, Instance};
use crate::host::policy::Policy;
use crate::protocol::{Descriptor, PluginId};
use crate::typed::Expectation;

/// What all handles of one plugin share with its supervisor.
pub(in crate::host) struct PluginState {
    id: PluginId,
    policy: Policy,
    status: Mutex<Status>,
    /// Wakes the calls that wait for an instance.
    changed: Notify,
    /// Wakes the supervisor, which is to look at the plugin's files.
    recheck: Notify,
    commands: mpsc::Sender<Command>,
    /// Whether the registry stops.
    closing: watch::Sender<bool>,
    callbacks: Arc<Callbacks>,
}

struct Status {
    state: State,
    installation: Option<Arc<Installation>>,
    instance: Option<Arc<Instance>>,
    availability: Availability,
    /// What the typed clients that were bound need of every further instance.
    expectations: Vec<Expectation>,
    recheck: Recheck,
}

impl PluginState {
    pub(in crate::host) fn new(
        id: PluginId,
        policy: Policy,
        commands: mpsc::Sender<Command>,
    ) -> Self {
        let status = Status {
            state: State::Stopped,
            installation: None,
            instance: None,
            availability: Availability::None,
            expectations: Vec::new(),
            recheck: Recheck::Presence,
        };
        Self {
            id,
            policy,
            status: Mutex::new(status),
            changed: Notify::new(),
            recheck: Notify::new(),
            commands,
            closing: watch::Sender::new(false),
            callbacks: Arc::new(Callbacks::new()),
        }
    }

    pub(in crate::host) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(in crate::host) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(in crate::host) fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    pub(in crate::host) fn state(&self) -> State {
        self.lock().state
    }

    pub(in crate::host) fn installation(&self) -> Option<Arc<Installation>> {
        self.lock().installation.clone()
    }

    /// The plugin has a `.pconf`, perhaps a new one.
    pub(in crate::host) fn install(&self, installation: Installation) {
        let mut status = self.lock();
        status.installation = Some(Arc::new(installation));
        if status.instance.is_none() && status.availability != Availability::Restart {
            status.state = State::Discovered;
        }
    }

    /// The plugin's `.pconf` is gone.
    pub(in crate::host) fn uninstall(&self) {
        let mut status = self.lock();
        status.installation = None;
        if status.instance.is_none() {
            status.state = State::Stopped;
        }
    }

    /// Lets this instance take the calls from now on, in place of the one before.
    pub(super) fn begin_service(&self, instance: Arc<Instance>) {
        let mut status = self.lock();
        status.state = State::Loaded;
        status.availability = Availability::None;
        status.instance = Some(instance);
        drop(status);
        self.changed.notify_waiters();
    }

    /// Lets nothing take calls any more, and says what a call can expect.
    pub(super) fn end_service(&self, state: State, availability: Availability) {
        let mut status = self.lock();
        status.instance = None;
        status.state = if status.installation.is_some() { state } else { State::Stopped };
        status.availability = availability;
        drop(status);
        self.changed.notify_waiters();
    }

    /// Lets nothing take calls until the next one wakes the plugin; false if a call is in
    /// flight at this moment.
    pub(super) fn end_service_if_idle(&self) -> bool {
        let mut status = self.lock();
        let idle = status.instance.as_ref().is_some_and(|instance| instance.calls() == 0);
        if idle {
            status.instance = None;
            status.state = State::Discovered;
            status.availability = Availability::OnDemand;
        }
        idle
    }

    /// The current instance, to be looked at.
    pub(in crate::host) fn instance(&self) -> Option<Arc<Instance>> {
        self.lock().instance.clone()
    }

    /// Begins a call with the current instance, if there is one.
    pub(super) fn acquire(&self) -> Acquired {
        let status = self.lock();
        match &status.instance {
            // Under the lock, so that an instance that is replaced knows all of its calls.
            Some(instance) => Acquired::Instance(instance.begin_call()),
            None => Acquired::Nothing(status.availability.clone()),
        }
    }

    /// Begins a call with the current instance, or with the next one if that is on its way.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no instance is to be expected, or none comes by the deadline;
    /// why a plugin that starts on demand did not start.
    pub(super) async fn acquire_by(&self, deadline: tokio::time::Instant) -> Result<CallGuard> {
        if let Acquired::Instance(guard) = self.acquire() {
            return Ok(guard);
        }
        match timeout_at(deadline, self.acquire_next()).await {
            Ok(acquired) => acquired,
            Err(_) => Err(self.unavailable()),
        }
    }

    /// The same, for as long as it takes. Cancel safe.
    ///
    /// # Errors
    /// As [`PluginState::acquire_by`].
    pub(super) async fn acquire_next(&self) -> Result<CallGuard> {
        loop {
            let availability = match self.acquire() {
                Acquired::Instance(guard) => return Ok(guard),
                Acquired::Nothing(availability) => availability,
            };
            match availability {
                Availability::None | Availability::GivenUp(_) => {
                    return Err(availability.error(&self.id, self.state()));
                }
                Availability::Restart => {
                    let mut changed = pin!(self.changed.notified());
                    changed.as_mut().enable();
                    if self.lock().availability == Availability::Restart {
                        changed.await;
                    }
                }
                Availability::OnDemand => self.command(Command::Wake).await?,
            }
        }
    }

    /// The error of a call that waited for an instance until its deadline.
    pub(super) fn unavailable(&self) -> Error {
        let status = self.lock();
        status.availability.error(&self.id, status.state)
    }

    /// Whether a call that this instance did not execute can be made with another one.
    pub(super) fn has_successor(&self, instance: &Instance) -> bool {
        let status = self.lock();
        match &status.instance {
            Some(current) => !std::ptr::eq(Arc::as_ptr(current), instance),
            None => status.availability.is_to_come(),
        }
    }

    /// Notes what a typed client needs of every further instance.
    pub(super) fn expect(&self, expectation: &Expectation) {
        let expectations = &mut self.lock().expectations;
        // One for each type of client: the program bounds their number.
        if !expectations.iter().any(|known| known.client() == expectation.client()) {
            expectations.push(expectation.clone());
        }
    }

    /// Whether a new instance offers what the clients of the old one need.
    ///
    /// # Errors
    /// [`Error::Contract`] names the first client that it does not fit, with each
    /// difference.
    pub(super) fn check_contracts(&self, descriptor: &Descriptor) -> Result<()> {
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

    /// Has the supervisor carry out a command and waits for it.
    ///
    /// # Errors
    /// The command's own; [`Error::Stopped`] if there is no supervisor any more.
    pub(in crate::host) async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<()>>) -> Command,
    ) -> Result<()> {
        let (done, outcome) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| Error::Stopped)?;
        outcome.await.unwrap_or(Err(Error::Stopped))
    }

    /// Has the supervisor stop the plugin for good, even while it starts, and waits for it.
    ///
    /// # Errors
    /// As [`PluginState::command`].
    pub(in crate::host) async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        self.command(Command::Close).await
    }

    /// Resolves when the plugin is to be stopped for good. Cancel safe.
    pub(super) async fn closing(&self) {
        // The sender is here as long as this is.
        drop(self.closing.subscribe().wait_for(|closing| *closing).await);
    }

    /// Whether the registry stops.
    pub(super) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Has the supervisor see whether the plugin still has a `.pconf`.
    pub(in crate::host) fn recheck_presence(&self) {
        self.recheck.notify_one();
    }

    /// Has the supervisor do what the plugin's files say by now: start, replace or stop it.
    /// However often this is asked for in the meantime, the supervisor looks once.
    pub(in crate::host) fn recheck_content(&self) {
        self.lock().recheck = Recheck::Content;
        self.recheck.notify_one();
    }

    /// Waits until the supervisor is to look at the plugin's files. Cancel safe.
    pub(super) async fn recheck_due(&self) -> Recheck {
        self.recheck.notified().await;
        std::mem::replace(&mut self.lock().recheck, Recheck::Presence)
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
