//! The registered handlers of one plugin, and which of their names the plugin has confirmed.
//!
//! Registrations outlive instances: each new instance gets the list of names again. The list
//! has a version, which grows whenever a name is added or removed; an instance confirms
//! versions. So a registration knows when the plugin will send its callbacks.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

use super::confirmations::{Attempt, Confirmation, Confirmations, Failure};
use crate::error::{Error, Result};
use crate::panic::{catch, contained};
use crate::protocol::PluginId;
use crate::typed::{ActivationId, CallbackHandler};

/// The handlers that are registered for one plugin, for all its instances.
pub(in crate::host) struct Callbacks {
    plugin: PluginId,
    handlers: Mutex<HandlerTable>,
    /// Grows whenever a handler is added or removed.
    revision: AtomicU64,
    /// The version of the list of names.
    pub(super) names_version: watch::Sender<u64>,
    confirmations: watch::Sender<Confirmations>,
    /// Identifies this host to the plugin, which may serve several hosts. It has to be unique, but
    /// need not be secret, since the plugin checks the user of its peer.
    pub(super) host_id: String,
    /// Held while a handler runs: handlers run one at a time, also those of two instances that
    /// overlap.
    pub(super) handler_permit: Semaphore,
}

/// A handler that was added.
pub(in crate::host) struct Registration {
    /// Removes the handler: [`Callbacks::remove`].
    pub(in crate::host) key: u64,
    /// The version of the list of names that contains the handler's name.
    pub(in crate::host) names_version: u64,
}

/// The handlers of one name, as they were registered at one revision.
#[derive(Default)]
pub(super) struct HandlerSnapshot {
    name: String,
    revision: u64,
    pub(super) handlers: Vec<CallbackHandler>,
}

/// Drops handlers. What they have captured may panic in its drop, which concerns nobody else.
fn drop_handlers(plugin: &PluginId, name: &str, handlers: impl Iterator<Item = CallbackHandler>) {
    for handler in handlers {
        if let Err(panic) = catch(|| drop(handler)) {
            contained(|| {
                tracing::error!(
                    target: "goplug::callbacks", %plugin,
                    callback = name, "what the handler had captured panicked in its drop: {panic}"
                );
            });
        }
    }
}

#[derive(Default)]
struct HandlerTable {
    last_key: u64,
    by_name: BTreeMap<String, Vec<(u64, CallbackHandler)>>,
}

impl HandlerTable {
    /// A number that was not in use before, for a handler or a generation.
    fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }
}

impl Callbacks {
    pub(in crate::host) fn new(plugin: PluginId) -> Self {
        Self {
            plugin,
            handlers: Mutex::default(),
            revision: AtomicU64::new(0),
            names_version: watch::Sender::new(0),
            confirmations: watch::Sender::default(),
            host_id: format!("{:016x}", RandomState::new().build_hasher().finish()),
            handler_permit: Semaphore::new(1),
        }
    }

    /// The token by which plugins know this host.
    pub(in crate::host) fn host_id(&self) -> &str {
        &self.host_id
    }

    /// Adds a handler.
    pub(in crate::host) fn add(&self, name: &str, handler: CallbackHandler) -> Registration {
        let mut table = self.lock();
        let key = table.next_key();
        let handlers = table.by_name.entry(name.into()).or_default();
        handlers.push((key, handler));
        self.revision.fetch_add(1, Ordering::Release);
        if handlers.len() == 1 {
            self.names_version.send_modify(|version| *version += 1);
        }
        Registration { key, names_version: *self.names_version.borrow() }
    }

    /// Removes one handler.
    pub(in crate::host) fn remove(&self, name: &str, key: u64) {
        self.retain(name, |other| other != key);
    }

    /// Removes every handler of a name.
    pub(in crate::host) fn remove_all(&self, name: &str) {
        self.retain(name, |_| false);
    }

    fn retain(&self, name: &str, keep: impl Fn(u64) -> bool) {
        let mut table = self.lock();
        let Some(handlers) = table.by_name.get_mut(name) else { return };
        let removed: Vec<_> = handlers.extract_if(.., |(key, _)| !keep(*key)).collect();
        self.revision.fetch_add(1, Ordering::Release);
        if handlers.is_empty() {
            table.by_name.remove(name);
            self.names_version.send_modify(|version| *version += 1);
        }
        // What a handler has captured may register or unregister others when it is dropped.
        drop(table);
        drop_handlers(&self.plugin, name, removed.into_iter().map(|(_, handler)| handler));
    }

    /// The names that have handlers, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        self.lock().by_name.keys().cloned().collect()
    }

    /// Whether no handler is registered.
    pub(in crate::host) fn is_empty(&self) -> bool {
        self.lock().by_name.is_empty()
    }

    /// Brings a snapshot up to date with the handlers of this name.
    pub(super) fn look_up(&self, name: &str, snapshot: &mut HandlerSnapshot) {
        if snapshot.name == name && self.is_current(snapshot) {
            return;
        }
        self.release(snapshot);
        name.clone_into(&mut snapshot.name);
        let table = self.lock();
        snapshot.revision = self.revision.load(Ordering::Acquire);
        if let Some(handlers) = table.by_name.get(name) {
            snapshot.handlers.extend(handlers.iter().map(|(_, handler)| handler.clone()));
        }
    }

    /// Drops the handlers of a snapshot: a handler that is unregistered must not live on there.
    pub(super) fn release(&self, snapshot: &mut HandlerSnapshot) {
        drop_handlers(&self.plugin, &snapshot.name, snapshot.handlers.drain(..));
        snapshot.name.clear();
    }

    /// Whether no handler was added or removed since the snapshot was taken.
    #[inline]
    pub(super) fn is_current(&self, snapshot: &HandlerSnapshot) -> bool {
        snapshot.revision == self.revision.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, HandlerTable> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Callbacks {
    fn drop(&mut self) {
        let table = self.handlers.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (name, handlers) in std::mem::take(&mut table.by_name) {
            drop_handlers(&self.plugin, &name, handlers.into_iter().map(|(_, handler)| handler));
        }
    }
}

/// Which versions of the list of names the plugin has confirmed.
impl Callbacks {
    /// Waits until the instances that take calls have registered this version of the list of names. An
    /// instance that ends meanwhile is not waited for. Cancel safe.
    ///
    /// # Errors
    /// [`Error::Protocol`] says why the plugin did not register it.
    pub(in crate::host) async fn wait_until_confirmed(&self, version: u64) -> Result<()> {
        self.wait_for(|all| all.settled(version)).await
    }

    /// Why the plugin could not be reached with the names, if the last attempt failed so.
    pub(in crate::host) fn unreachable_reason(&self) -> Option<String> {
        let all = self.confirmations.borrow();
        let failure = all.failure()?;
        failure.is_unreachable.then(|| failure.reason.clone())
    }

    /// Waits until the instance of this generation has registered all names, also those that are
    /// added meanwhile. Cancel safe.
    ///
    /// # Errors
    /// As [`Callbacks::wait_until_confirmed`].
    pub(in crate::host) async fn wait_until_all_confirmed(&self, generation: u64) -> Result<()> {
        self.wait_until_all(generation, Confirmation::of).await
    }

    /// As [`Callbacks::wait_until_all_confirmed`], for a process that has just begun to start: that it
    /// cannot be reached is no failure. Cancel safe.
    pub(in crate::host) async fn wait_until_all_answered(&self, generation: u64) -> Result<()> {
        self.wait_until_all(generation, Confirmation::settled).await
    }

    async fn wait_until_all(
        &self,
        generation: u64,
        outcome: impl Fn(&Confirmation, u64) -> Option<Result<()>>,
    ) -> Result<()> {
        loop {
            let version = *self.names_version.borrow();
            self.wait_for(|all| outcome(all.of(generation)?, version)).await?;
            if version == *self.names_version.borrow() {
                return Ok(());
            }
        }
    }

    async fn wait_for(&self, outcome: impl Fn(&Confirmations) -> Option<Result<()>>) -> Result<()> {
        let mut confirmations = self.confirmations.subscribe();
        let reached = confirmations.wait_for(|all| outcome(all).is_some()).await;
        reached.map_or(Err(Error::Stopped), |all| outcome(&all).unwrap_or(Ok(())))
    }

    /// Begins the generation of a new instance of a slot, which has confirmed nothing yet. It becomes
    /// the current generation by [`Callbacks::set_current`]; if its instance does not start, the next
    /// call of this function forgets it.
    pub(in crate::host) fn begin_generation(&self, slot: usize) -> u64 {
        let generation = self.lock().next_key();
        self.confirmations.send_modify(|all| all.begin(slot, generation));
        generation
    }

    /// From here on, registrations wait for the instance of this generation as that of its slot.
    pub(in crate::host) fn set_current(&self, slot: usize, generation: u64) {
        self.confirmations.send_modify(|all| all.set_current(slot, generation));
    }

    /// From here on, registrations wait for no instance of this slot.
    pub(in crate::host) fn forget_current(&self, slot: usize) {
        self.confirmations.send_modify(|all| all.forget_current(slot));
    }

    /// Has every instance register the names once more, without waiting for its next attempt.
    pub(in crate::host) fn register_again(&self) {
        self.names_version.send_modify(|version| *version += 1);
    }

    /// Forgets that the process of this generation has refused the names, and has it asked again at
    /// once. An attempt that is under way counts if it succeeds: the names are not registered twice.
    pub(in crate::host) fn retry_refused(&self, generation: u64) {
        self.confirmations.send_modify(|all| all.forget_refusal(generation));
    }

    /// An attempt to register this version that begins now.
    pub(super) fn begin_attempt(&self, generation: u64, version: u64) -> Attempt {
        self.confirmations.borrow().begin_attempt(generation, version)
    }

    /// Waits until the names are to be registered again because a refusal of this attempt is void.
    /// Cancel safe.
    pub(super) async fn wait_for_retry(&self, attempt: Attempt) {
        let mut confirmations = self.confirmations.subscribe();
        drop(confirmations.wait_for(|all| all.is_void(attempt)).await);
    }

    /// Notes that the process of this generation has no names registered, and why.
    pub(super) fn fail(&self, generation: u64, reason: String) {
        let attempt = self.begin_attempt(generation, *self.names_version.borrow());
        self.refuse(attempt, Failure { reason, is_unreachable: false });
    }

    /// Notes that this attempt has registered the names.
    pub(super) fn succeed(&self, attempt: Attempt) {
        self.confirmations.send_modify(|all| all.succeed(attempt));
    }

    /// Notes why this attempt has not registered the names.
    pub(super) fn refuse(&self, attempt: Attempt, failure: Failure) {
        self.confirmations.send_modify(|all| all.refuse(attempt, failure));
    }
}

/// Identifies the activations of this plugin.
impl Callbacks {
    pub(super) fn activation_id(&self) -> ActivationId {
        ActivationId::of(self)
    }

    /// Whether the current code is a handler that runs for an instance that is being activated. It
    /// must not wait for that instance, which may be waiting for it.
    pub(in crate::host) fn is_within_activation(&self) -> bool {
        ActivationId::current() == Some(self.activation_id())
    }
}
