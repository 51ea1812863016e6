//! What all handles of one plugin share with its supervisor: the state of the plugin, its current
//! instance, and the queue of the supervisor.
//!
//! A call takes the current instance under a short lock. If there is none, the [`Availability`]
//! says whether the call waits, starts the plugin, or fails.

mod rechecks;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{timeout, timeout_at};

use super::availability::{Acquired, Availability, State};
use super::command::{Command, Recheck};
use super::contracts::Contracts;
use super::event::{EventSink, PluginEvent};
use super::statistics::Statistics;
use crate::error::{Error, Result};
use crate::host::callbacks::Callbacks;
use crate::host::install::Installation;
use crate::host::instance::{CallGuard, Instance};
use crate::host::owner::check_maker;
use crate::host::policy::Policy;
use crate::host::runtime;
use crate::protocol::PluginId;
use crate::transport::{FileId, Maker};

/// How long a supervisor that ends may take between letting go of a command and of its queue.
const LETS_GO_WITHIN: Duration = Duration::from_millis(100);

/// What all handles of one plugin share with its supervisor.
pub(in crate::host) struct PluginState {
    id: PluginId,
    policy: Policy,
    maker: Maker,
    status: Mutex<Status>,
    /// Wakes the calls that wait for an instance.
    instance_changed: Notify,
    /// Wakes the supervisor, which then checks the plugin's files.
    recheck: Notify,
    commands: mpsc::Sender<Command>,
    /// The registry.
    events: Weak<dyn EventSink>,
    /// Whether the plugin is being stopped for good.
    closing: watch::Sender<bool>,
    callbacks: Arc<Callbacks>,
    pub(super) contracts: Mutex<Contracts>,
    pub(super) statistics: Arc<Statistics>,
}

struct Status {
    state: State,
    installation: Option<Arc<Installation>>,
    /// The program that the installation names, as it was when that was read.
    program: Option<FileId>,
    /// The file that is in the place of the program now, if it is a newer one.
    newer_program: Option<FileId>,
    /// Whether the last start has failed since only one half of an upgrade is there.
    is_half_installed: bool,
    instance: Option<Arc<Instance>>,
    availability: Availability,
    /// What the supervisor checks the next time.
    recheck: Recheck,
    /// Whether nothing fulfils a service that the plugin needs, as far as is known.
    lacks_service: bool,
}

impl PluginState {
    pub(in crate::host) fn new(
        id: PluginId,
        policy: Policy,
        commands: mpsc::Sender<Command>,
        events: Weak<dyn EventSink>,
    ) -> Self {
        let status = Status {
            state: State::Stopped,
            installation: None,
            program: None,
            newer_program: None,
            is_half_installed: false,
            instance: None,
            availability: Availability::NotLoaded,
            recheck: Recheck::Presence,
            lacks_service: false,
        };
        let callbacks = Arc::new(Callbacks::new(id.clone()));
        Self {
            statistics: Arc::new(Statistics::new(&id)),
            id,
            policy,
            maker: Maker::this_process(),
            status: Mutex::new(status),
            instance_changed: Notify::new(),
            recheck: Notify::new(),
            commands,
            events,
            closing: watch::Sender::new(false),
            callbacks,
            contracts: Mutex::default(),
        }
    }

    pub(in crate::host) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(in crate::host) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Reports what happened to the plugin.
    pub(super) fn report(&self, event: PluginEvent) {
        if let Some(registry) = self.events.upgrade() {
            registry.report(&self.id, event);
        }
    }

    pub(super) fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    /// Checks that this process has made the registry, and is no fork.
    ///
    /// # Errors
    /// [`Error::Configuration`], with what to do.
    #[inline]
    pub(super) fn check_maker(&self) -> Result<()> {
        check_maker(self.maker)
    }

    pub(in crate::host) fn state(&self) -> State {
        self.lock().state
    }

    pub(in crate::host) fn installation(&self) -> Option<Arc<Installation>> {
        self.lock().installation.clone()
    }

    /// Sets what is installed: the plugin has a `.pconf`, perhaps a new one.
    pub(in crate::host) fn install(&self, installation: Installation) {
        let mut status = self.lock();
        status.installation = Some(Arc::new(installation));
        if status.instance.is_none() && !status.availability.is_restarting() {
            status.state = State::Discovered;
        }
    }

    /// Notes the program that the `.pconf` names, as it was when that was read.
    pub(in crate::host) fn note_program(&self, program: Option<FileId>) {
        self.lock().program = program;
    }

    /// The program that the `.pconf` names, as it was when that was read.
    pub(super) fn program(&self) -> Option<FileId> {
        self.lock().program.clone()
    }

    /// The file that has taken the place of the current instance's program, as far as that was
    /// noticed.
    pub(super) fn newer_program(&self) -> Option<FileId> {
        self.lock().newer_program.clone()
    }

    /// Whether the last start has failed since only one half of an upgrade is there, so that another
    /// start may succeed soon.
    pub(in crate::host) fn is_half_installed(&self) -> bool {
        self.lock().is_half_installed
    }

    pub(super) fn set_half_installed(&self, is_half_installed: bool) {
        self.lock().is_half_installed = is_half_installed;
    }

    /// Notes that the plugin's `.pconf` is gone.
    pub(in crate::host) fn uninstall(&self) {
        let mut status = self.lock();
        status.installation = None;
        if status.instance.is_none() {
            status.state = State::Stopped;
        }
    }

    /// Makes this instance the current one: it takes all further calls.
    pub(super) fn set_instance(&self, instance: Arc<Instance>) {
        let mut status = self.lock();
        status.state = State::Loaded;
        status.availability = Availability::NotLoaded;
        status.newer_program = None;
        status.instance = Some(instance);
        drop(status);
        self.instance_changed.notify_waiters();
    }

    /// Leaves the plugin without an instance, and sets what a call can expect. Without a `.pconf`
    /// the state is [`State::Stopped`] in any case.
    pub(super) fn clear_instance(&self, state: State, availability: Availability) {
        let mut status = self.lock();
        status.instance = None;
        status.state = if status.installation.is_some() { state } else { State::Stopped };
        status.availability = availability;
        drop(status);
        self.instance_changed.notify_waiters();
    }

    /// Leaves the plugin without an instance, so that the next call starts it. Returns false, and
    /// changes nothing, if a call is in flight.
    pub(super) fn clear_instance_if_idle(&self) -> bool {
        let mut status = self.lock();
        let is_idle = status.instance.as_ref().is_some_and(|instance| instance.calls() == 0);
        if is_idle {
            status.instance = None;
            status.state = State::Discovered;
            status.availability = Availability::OnDemand;
        }
        is_idle
    }

    /// The current instance. To call it, use [`PluginState::acquire`].
    pub(in crate::host) fn instance(&self) -> Option<Arc<Instance>> {
        self.lock().instance.clone()
    }

    /// Checks that there can be an instance at all.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the runtime of the registry is gone.
    pub(super) fn check_runtime(&self) -> Result<()> {
        match self.lock().availability {
            Availability::RuntimeGone => Err(Error::Runtime(runtime::GONE)),
            _ => Ok(()),
        }
    }

    /// Begins a call with the current instance, if there is one.
    pub(super) fn acquire(&self) -> Acquired {
        let status = self.lock();
        match &status.instance {
            // Under the lock: a replaced instance waits for its calls, so it has to count them all.
            Some(instance) => Acquired::Call(instance.begin_call()),
            None => Acquired::NoInstance(status.availability.clone()),
        }
    }

    /// Begins a call with the current instance, or waits for the next one until the deadline.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no instance can be expected, or if there is none by the deadline.
    /// If the call starts the plugin, the error of the start.
    pub(super) async fn acquire_by(&self, deadline: tokio::time::Instant) -> Result<CallGuard> {
        if let Acquired::Call(guard) = self.acquire() {
            return Ok(guard);
        }
        runtime::check()?;
        match timeout_at(deadline, self.acquire_next()).await {
            Ok(acquired) => acquired,
            Err(_) => Err(self.unavailable_error()),
        }
    }

    /// Begins a call with the current or the next instance, without a deadline. Cancel safe.
    ///
    /// # Errors
    /// As [`PluginState::acquire_by`].
    pub(super) async fn acquire_next(&self) -> Result<CallGuard> {
        loop {
            let availability = match self.acquire() {
                Acquired::Call(guard) => return Ok(guard),
                Acquired::NoInstance(availability) => availability,
            };
            self.check_activation()?;
            match availability {
                Availability::NotLoaded | Availability::RuntimeGone | Availability::GivenUp(_) => {
                    return Err(availability.error(&self.id, self.state()));
                }
                Availability::Restarting(_) => {
                    let mut changed = pin!(self.instance_changed.notified());
                    // Enabled before the check: a change in between is not missed.
                    changed.as_mut().enable();
                    if self.lock().availability.is_restarting() {
                        changed.await;
                    }
                }
                Availability::OnDemand => self.command(Command::LoadOnDemand).await?,
            }
        }
    }

    /// Checks that the caller may wait for an instance.
    ///
    /// # Errors
    /// [`Error::Unavailable`] within a handler that the plugin has called during its activation,
    /// which may be waiting for that handler.
    fn check_activation(&self) -> Result<()> {
        if !self.callbacks.is_within_activation() {
            return Ok(());
        }
        let reason = "it is being activated, and the handler of a callback that its activation calls \
                      cannot wait for that";
        Err(Error::Unavailable { id: self.id.clone(), reason: reason.into() })
    }

    /// The error of a call that waited for an instance until its deadline.
    pub(super) fn unavailable_error(&self) -> Error {
        let status = self.lock();
        status.availability.error(&self.id, status.state)
    }

    /// Whether a call that failed with this instance can be retried with another instance, now or
    /// later.
    pub(super) fn has_successor(&self, instance: &Instance) -> bool {
        let status = self.lock();
        match &status.instance {
            Some(current) => !std::ptr::eq(Arc::as_ptr(current), instance),
            None => status.availability.expects_instance(),
        }
    }

    /// Has the supervisor carry out a command, and waits for the result. Dropping the future does
    /// not cancel a command that the supervisor has begun.
    ///
    /// # Errors
    /// The error of the command; [`Error::Stopped`] if the supervisor has ended, or
    /// [`Error::Runtime`] if that was because its runtime is gone.
    pub(in crate::host) async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<()>>) -> Command,
    ) -> Result<()> {
        self.check_maker()?;
        let (done, result) = oneshot::channel();
        let command = command(done);
        if !matches!(command, Command::Close(_)) {
            self.check_activation()?;
        }
        if self.commands.send(command).await.is_ok()
            && let Ok(result) = result.await
        {
            return result;
        }
        // A supervisor that ends with its runtime says so before it lets go of its queue, and perhaps
        // a little after it has let go of the command.
        if runtime::check().is_ok() {
            drop(timeout(LETS_GO_WITHIN, self.commands.closed()).await);
        }
        self.check_runtime().and(Err(Error::Stopped))
    }

    /// Has the supervisor stop the plugin for good, even while the plugin starts, and waits for that.
    ///
    /// # Errors
    /// As [`PluginState::command`].
    pub(in crate::host) async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        self.command(Command::Close).await
    }

    /// Waits until the plugin is to be stopped for good. Cancel safe.
    pub(super) async fn closing(&self) {
        // The sender lives in `self`, so this is never an error.
        drop(self.closing.subscribe().wait_for(|closing| *closing).await);
    }

    /// Whether the plugin is to be stopped for good.
    pub(super) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
