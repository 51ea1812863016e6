//! How a call finds an instance.
//!
//! A call takes an instance under a short lock. If there is none, the [`Availability`] says whether the
//! call waits, starts the plugin, or fails.

use std::pin::pin;

use tokio::time::timeout_at;

use super::PluginState;
use crate::error::{Error, Result};
use crate::host::instance::{CallGuard, Instance};
use crate::host::plugin::availability::{Acquired, Availability};
use crate::host::runtime;
use crate::typed::CallKey;

impl PluginState {
    /// Checks that there can be an instance at all.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the runtime of the registry is gone.
    pub(in crate::host::plugin) fn check_runtime(&self) -> Result<()> {
        match self.lock().slots.availability() {
            (Availability::RuntimeGone, _) => Err(Error::Runtime(runtime::GONE)),
            _ => Ok(()),
        }
    }

    /// Begins a call with an instance, if there is one. A key has its own instance.
    #[inline]
    pub(in crate::host::plugin) fn acquire(&self, key: Option<CallKey>) -> Acquired {
        self.lock().slots.acquire(key)
    }

    /// Begins a call with an instance, or waits for the next one until the deadline.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no instance can be expected, or if there is none by the deadline.
    /// If the call starts the plugin, the error of the start.
    pub(in crate::host::plugin) async fn acquire_by(
        &self,
        key: Option<CallKey>,
        deadline: tokio::time::Instant,
    ) -> Result<CallGuard> {
        if let Acquired::Call(guard) = self.acquire(key) {
            return Ok(guard);
        }
        runtime::check()?;
        match timeout_at(deadline, self.acquire_next(key)).await {
            Ok(acquired) => acquired,
            Err(_) => Err(self.unavailable_error()),
        }
    }

    /// Begins a call with the current or the next instance, without a deadline. Cancel safe.
    ///
    /// # Errors
    /// As [`PluginState::acquire_by`].
    pub(in crate::host::plugin) async fn acquire_next(
        &self,
        key: Option<CallKey>,
    ) -> Result<CallGuard> {
        loop {
            let mut changed = pin!(self.instance_changed.notified());
            // Enabled before the attempt: a change in between is not missed.
            changed.as_mut().enable();
            let (availability, slot) = match self.acquire(key) {
                Acquired::Call(guard) => return Ok(guard),
                Acquired::NoInstance { availability, slot } => (availability, slot),
            };
            self.check_activation()?;
            match availability {
                Availability::NotLoaded | Availability::RuntimeGone | Availability::GivenUp(_) => {
                    return Err(availability.error(self.id(), self.state()));
                }
                Availability::Restarting(_) => changed.await,
                Availability::OnDemand => self.load_on_demand(slot, key.is_some()).await?,
            }
        }
    }

    /// Checks that the caller may wait for an instance.
    ///
    /// # Errors
    /// [`Error::Unavailable`] within a handler that the plugin has called during its activation,
    /// which may be waiting for that handler.
    pub(super) fn check_activation(&self) -> Result<()> {
        if !self.callbacks.is_within_activation() {
            return Ok(());
        }
        let reason = "it is being activated, and the handler of a callback that its activation calls \
                      cannot wait for that";
        Err(Error::Unavailable { id: self.id.clone(), reason: reason.into() })
    }

    /// The error of a call that waited for an instance until its deadline.
    pub(in crate::host::plugin) fn unavailable_error(&self) -> Error {
        let status = self.lock();
        let (availability, _) = status.slots.availability();
        availability.error(&self.id, status.slots.state())
    }

    /// Whether another instance takes a call at this moment that failed with this one.
    pub(in crate::host::plugin) fn has_other(
        &self,
        instance: &Instance,
        key: Option<CallKey>,
    ) -> bool {
        self.lock().slots.has_other_than(instance, key, |_| false)
    }

    /// Whether a call that failed with this instance can be retried with another instance, now or
    /// later.
    pub(in crate::host::plugin) fn has_successor(
        &self,
        instance: &Instance,
        key: Option<CallKey>,
    ) -> bool {
        self.lock().slots.has_other_than(instance, key, Availability::expects_instance)
    }
}
