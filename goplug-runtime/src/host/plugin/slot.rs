//! The place of one instance of a plugin, as its supervisor has it.

use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::availability::{Availability, State};
use super::changes::Change;
use super::command::{Recheck, Request};
use super::event::PluginEvent;
use super::state::PluginState;
use crate::host::instance::Instance;
use crate::transport::{Debuggee, FileId};

/// One slot of a plugin.
#[derive(Clone)]
pub(in crate::host) struct Slot {
    plugin: Arc<PluginState>,
    index: usize,
}

/// A slot that does not keep its plugin.
#[derive(Clone)]
pub(in crate::host) struct WeakSlot {
    plugin: Weak<PluginState>,
    index: usize,
}

impl WeakSlot {
    pub(in crate::host) fn upgrade(&self) -> Option<Slot> {
        Some(Slot { plugin: self.plugin.upgrade()?, index: self.index })
    }
}

impl Slot {
    pub(super) fn new(plugin: Arc<PluginState>, index: usize) -> Self {
        Self { plugin, index }
    }

    pub(in crate::host) fn plugin(&self) -> &Arc<PluginState> {
        &self.plugin
    }

    /// Which of the plugin's slots this is, from 0 on.
    pub(in crate::host) fn index(&self) -> usize {
        self.index
    }

    /// The number of this slot's instance, if the plugin has several.
    pub(super) fn number(&self) -> Option<usize> {
        (self.slots() > 1).then_some(self.index)
    }

    pub(in crate::host) fn downgrade(&self) -> WeakSlot {
        WeakSlot { plugin: Arc::downgrade(&self.plugin), index: self.index }
    }

    /// Whether the slot stays without an instance, since there are fewer processes than slots.
    pub(super) fn is_spare(&self) -> bool {
        self.index >= self.slots_in_use()
    }

    /// Makes this instance the current one of the slot: it takes further calls. `generation` is that of
    /// its callbacks.
    pub(super) fn set_instance(&self, instance: Arc<Instance>, generation: Option<u64>) {
        if let Some(generation) = generation {
            self.callbacks().set_current(self.index, generation);
        }
        let mut status = self.lock();
        let slot = status.slots.get(self.index);
        slot.state = State::Loaded;
        slot.availability = Availability::NotLoaded;
        slot.newer_program = None;
        slot.instance = Some(instance);
        drop(status);
        self.instance_changed.notify_waiters();
    }

    /// Leaves the slot without an instance, and sets what a call can expect. Without a `.pconf`
    /// the state is [`State::Stopped`] in any case.
    pub(super) fn clear_instance(&self, state: State, availability: Availability) {
        let mut status = self.lock();
        let state = if status.installation.is_some() { state } else { State::Stopped };
        let slot = status.slots.get(self.index);
        slot.instance = None;
        slot.state = state;
        slot.availability = availability;
        drop(status);
        self.callbacks().forget_current(self.index);
        self.instance_changed.notify_waiters();
    }

    /// Leaves all slots without an instance, so that the next call starts them, and has the supervisors
    /// of the others stop theirs, or call off the restart that they plan. Returns false, and changes
    /// nothing, if a call is in flight, or an instance is being started or replaced.
    pub(super) fn clear_instances_if_idle(&self) -> bool {
        let mut status = self.lock();
        let is_idle = status.slots.instances().all(|instance| instance.calls() == 0);
        let is_changing = self.changes.go_on();
        if !is_idle || is_changing || status.slots.get(self.index).instance.is_none() {
            return false;
        }
        for slot in status.slots.iter_mut() {
            if slot.instance.take().is_some() || slot.availability.is_restarting() {
                (slot.state, slot.availability) = (State::Discovered, Availability::OnDemand);
            }
        }
        drop(status);
        // A call may wait for the restart.
        self.instance_changed.notify_waiters();
        self.recheck_presence();
        true
    }

    /// Whether the plugin was stopped since it was idle, and the next call starts this slot's instance.
    pub(super) fn is_stopped_idle(&self) -> bool {
        self.lock().slots.get(self.index).availability == Availability::OnDemand
    }

    /// Begins a change of the slot's instance: until it is dropped, the plugin is not stopped as idle.
    pub(super) fn begin_change(&self) -> Change {
        // Under the lock: an idle stop has come before it, which shows, or finds it.
        let _status = self.lock();
        self.changes.begin()
    }

    /// Waits until no instance of the plugin has had a call for this long, none is started or replaced,
    /// no callback is registered, and no debugger holds one. Cancel safe.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            for instance in self.instances() {
                instance.idle(limit).await;
            }
            let instances = self.instances();
            let is_held = || instances.iter().any(|it| Debuggee::new(it.pid()).is_held());
            if !instances.iter().all(|instance| instance.is_idle(limit)) {
                continue;
            }
            if self.callbacks().is_empty() && !self.changes.go_on() && !is_held() {
                return;
            }
            tokio::time::sleep(limit).await;
        }
    }

    /// The file that has taken the place of the instance's program, as far as that was noticed.
    pub(super) fn newer_program(&self) -> Option<FileId> {
        self.lock().slots.get(self.index).newer_program.clone()
    }

    /// Notes that another file is in the place of the instance's program, and has the supervisor check
    /// the plugin's files.
    pub(in crate::host) fn recheck_program(&self, newer: FileId) {
        self.lock().slots.get(self.index).newer_program = Some(newer);
        self.recheck_slot(self.index);
    }

    pub(super) fn set_half_installed(&self, is_half_installed: bool) {
        self.lock().slots.get(self.index).is_half_installed = is_half_installed;
    }

    pub(super) fn count_restart(&self) {
        self.lock().slots.get(self.index).restarts += 1;
        self.statistics.count_restart();
    }

    /// Waits until the supervisor is to check the plugin's files. Cancel safe.
    pub(super) async fn wait_for_recheck(&self) -> Recheck {
        self.plugin.wait_for_recheck(self.index).await
    }

    /// Notes whether the supervisor of this slot has nothing to do for a plugin that is not installed.
    /// Returns whether that is so for all slots.
    pub(super) fn note_unused(&self, is_unused: bool) -> bool {
        let mut status = self.lock();
        status.slots.get(self.index).is_unused = is_unused;
        status.slots.iter().all(|slot| slot.is_unused)
    }

    /// Passes a command on to the supervisor of the next slot. Returns it if there is none.
    pub(super) async fn pass_on(&self, request: Request) -> Option<Request> {
        let next = self.index + 1;
        if next >= self.slots_in_use() {
            return Some(request);
        }
        self.plugin.pass_on(next, request).await;
        None
    }

    /// Reports what happened to this slot's instance, and what it means for the plugin as a whole.
    pub(super) fn report(&self, event: PluginEvent) {
        let Some(number) = self.number() else { return self.plugin.report(event) };
        self.plugin.report(PluginEvent::OfInstance(number, Box::new(event)));
        let serves = || self.lock().slots.instances().next().is_some();
        self.serving.report(serves, |serves| {
            self.plugin.report(if serves { PluginEvent::Loaded } else { PluginEvent::Stopped });
        });
    }
}

impl Deref for Slot {
    type Target = PluginState;

    fn deref(&self) -> &PluginState {
        &self.plugin
    }
}
