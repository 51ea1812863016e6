//! What all handles of one plugin share with its supervisors: the state of the plugin, its current
//! instances, and the queues of the supervisors.
//!
//! Each instance has a slot with a supervisor of its own, which uses this state by its
//! [`Slot`](super::slot::Slot). Calls use `acquire`; handles and the registry use `commands` to ask the
//! supervisors for something.

mod acquire;
mod commands;
mod processes;
mod rechecks;
mod starts;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Notify, mpsc, watch};

use super::availability::State;
use super::changes::Changes;
use super::command::Request;
use super::configurations::Configurations;
use super::contracts::Contracts;
use super::event::{EventSink, PluginEvent};
use super::serving::Serving;
use super::slots::Slots;
use super::statistics::Statistics;
use super::upgrades::Upgrades;
use crate::error::Result;
use crate::host::callbacks::Callbacks;
use crate::host::install::Installation;
use crate::host::instance::Instance;
use crate::host::output::Warnings;
use crate::host::owner::check_maker;
use crate::host::policy::{Policy, Restart};
use crate::limits;
use crate::protocol::{Permission, PluginId};
use crate::transport::{FileId, Maker, RefusedAccesses};

/// What all handles of one plugin share with its supervisors.
pub(in crate::host) struct PluginState {
    id: PluginId,
    policy: Policy,
    maker: Maker,
    status: Mutex<Status>,
    /// Wakes the calls that wait for an instance.
    pub(super) instance_changed: Notify,
    /// The ways to the supervisors, one for each slot.
    supervisors: Box<[ToSupervisor]>,
    /// The registry.
    events: Weak<dyn EventSink>,
    /// Whether the plugin is being stopped for good.
    closing: watch::Sender<bool>,
    callbacks: Arc<Callbacks>,
    warnings: Arc<Warnings>,
    /// The permissions that the host has consented to; `None` before the plugin has run and before the host
    /// has granted any.
    pub(super) consented: Mutex<Option<Vec<Permission>>>,
    /// What its sandbox has refused, if that learns.
    pub(super) refused: Arc<RefusedAccesses>,
    pub(super) contracts: Mutex<Contracts>,
    pub(super) statistics: Arc<Statistics>,
    pub(super) upgrades: Upgrades,
    pub(super) changes: Changes,
    pub(super) configurations: Configurations,
    pub(super) serving: Serving,
}

/// The way to the supervisor of one slot.
struct ToSupervisor {
    commands: mpsc::Sender<Request>,
    /// Has it check the plugin's files.
    recheck: Notify,
}

pub(super) struct Status {
    pub(super) installation: Option<Arc<Installation>>,
    /// The program that the installation names, as it was when that was read.
    program: Option<FileId>,
    /// Whether nothing fulfils a service that the plugin needs, as far as is known.
    lacks_service: bool,
    /// How often the plugin was asked to stop.
    stops: u64,
    pub(super) slots: Slots,
}

impl PluginState {
    /// A plugin with as many slots as its policy says, and the queue of the supervisor of each.
    pub(super) fn new(
        id: PluginId,
        policy: Policy,
        events: Weak<dyn EventSink>,
    ) -> (Self, Vec<mpsc::Receiver<Request>>) {
        let slots = policy.instances;
        let queues = (0..slots).map(|_| mpsc::channel(limits::COMMAND_QUEUE));
        let (senders, queues): (Vec<_>, Vec<_>) = queues.unzip();
        let to_supervisor = |commands| ToSupervisor { commands, recheck: Notify::new() };
        let status = Status {
            installation: None,
            program: None,
            lacks_service: false,
            stops: 0,
            slots: Slots::new(slots),
        };
        let plugin = Self {
            statistics: Arc::new(Statistics::new(&id)),
            callbacks: Arc::new(Callbacks::new(id.clone())),
            warnings: Arc::new(Warnings::new(id.clone())),
            id,
            policy,
            maker: Maker::this_process(),
            status: Mutex::new(status),
            instance_changed: Notify::new(),
            supervisors: senders.into_iter().map(to_supervisor).collect(),
            events,
            closing: watch::Sender::new(false),
            consented: Mutex::default(),
            refused: Arc::default(),
            contracts: Mutex::default(),
            upgrades: Upgrades::default(),
            changes: Changes::default(),
            configurations: Configurations::default(),
            serving: Serving::default(),
        };
        (plugin, queues)
    }

    pub(in crate::host) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(in crate::host) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// When the plugin is started again. A plugin that serves a network is connected to again whatever
    /// its policy says: others start it, and this host waits for it.
    pub(super) fn restart_policy(&self) -> Cow<'_, Restart> {
        let policy = &self.policy.restart;
        let installation = self.installation();
        match installation.is_some_and(|installation| installation.remote().is_some()) {
            true => Cow::Owned(policy.of_remote()),
            false => Cow::Borrowed(policy),
        }
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

    /// The warnings that the plugin causes by what it sends.
    pub(super) fn warnings(&self) -> &Arc<Warnings> {
        &self.warnings
    }

    /// Checks that this process has made the registry, and is no fork.
    ///
    /// # Errors
    /// [`Error::Configuration`], with what to do.
    #[inline]
    pub(super) fn check_maker(&self) -> Result<()> {
        check_maker(self.maker)
    }

    /// How many slots the plugin has.
    pub(in crate::host) fn slots(&self) -> usize {
        self.supervisors.len()
    }

    /// How many slots get an instance. There is one process of a plugin that somebody else starts.
    pub(super) fn slots_in_use(&self) -> usize {
        let starts = self.installation().is_none_or(|it| it.command().is_some());
        if starts { self.slots() } else { 1 }
    }

    /// The state of the plugin: loaded if at least one instance takes calls.
    pub(in crate::host) fn state(&self) -> State {
        self.lock().slots.state()
    }

    pub(in crate::host) fn installation(&self) -> Option<Arc<Installation>> {
        self.lock().installation.clone()
    }

    /// Sets what is installed: the plugin has a `.pconf`, perhaps a new one.
    pub(in crate::host) fn install(&self, installation: Installation) {
        let mut status = self.lock();
        status.installation = Some(Arc::new(installation));
        for slot in status.slots.iter_mut() {
            if slot.instance.is_none() && !slot.availability.is_restarting() {
                slot.state = State::Discovered;
            }
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

    /// Whether the last start of an instance has failed since only one half of an upgrade is there, so
    /// that another start may succeed soon.
    pub(in crate::host) fn is_half_installed(&self) -> bool {
        self.lock().slots.iter().any(|slot| slot.is_half_installed)
    }

    /// Notes that the plugin's `.pconf` is gone.
    pub(in crate::host) fn uninstall(&self) {
        let mut status = self.lock();
        status.installation = None;
        for slot in status.slots.iter_mut().filter(|slot| slot.instance.is_none()) {
            slot.state = State::Stopped;
        }
    }

    /// The first instance that takes calls. To call one, use [`PluginState::acquire`].
    pub(in crate::host) fn instance(&self) -> Option<Arc<Instance>> {
        self.lock().slots.instances().next().cloned()
    }

    /// The instances that take calls.
    pub(in crate::host) fn instances(&self) -> Vec<Arc<Instance>> {
        self.lock().slots.instances().cloned().collect()
    }

    /// The slots whose instances take calls; none of a plugin with a single slot.
    pub(in crate::host) fn serving(&self) -> Vec<usize> {
        let status = self.lock();
        let serving = status.slots.iter().enumerate().filter(|(_, slot)| slot.instance.is_some());
        serving.map(|(place, _)| place).filter(|_| self.slots() > 1).collect()
    }

    /// How often the plugin was asked to stop.
    pub(super) fn stops(&self) -> u64 {
        self.lock().stops
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

    pub(super) fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
