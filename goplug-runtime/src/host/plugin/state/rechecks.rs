//! What the supervisors are to check: the plugin's files, or only whether they are there.

use super::PluginState;
use crate::host::plugin::command::Recheck;

impl PluginState {
    /// Has the supervisors stop the plugin if its `.pconf` is gone.
    pub(in crate::host) fn recheck_presence(&self) {
        self.supervisors.iter().for_each(|it| it.recheck.notify_one());
    }

    /// Has the supervisors start, replace or stop the plugin, as its files now say. Requests that
    /// come before a supervisor gets to it are one request.
    pub(in crate::host) fn recheck_content(&self) {
        self.lock().slots.iter_mut().for_each(|slot| slot.recheck = Recheck::Content);
        self.recheck_presence();
    }

    /// Notes whether nothing fulfils a service that the plugin needs, as far as is known.
    pub(in crate::host::plugin) fn set_lacks_service(&self, lacks_service: bool) {
        self.lock().lacks_service = lacks_service;
    }

    /// Has the supervisors check the plugin's files if a service is missing that the plugin needs: what
    /// fulfils it may be installed now.
    pub(in crate::host) fn recheck_services(&self) {
        let lacks_service = self.lock().lacks_service;
        if lacks_service {
            self.recheck_content();
        }
    }

    /// Has the supervisor of one slot check the plugin's files.
    pub(in crate::host::plugin) fn recheck_slot(&self, slot: usize) {
        self.lock().slots.get(slot).recheck = Recheck::Content;
        self.supervisors[slot].recheck.notify_one();
    }

    /// Has the supervisors of the slots behind this one check the plugin's files.
    pub(in crate::host::plugin) fn recheck_behind(&self, slot: usize) {
        (slot + 1..self.slots()).for_each(|other| self.recheck_slot(other));
    }

    /// Waits until the supervisor of this slot is to check the plugin's files. Cancel safe.
    pub(in crate::host::plugin) async fn wait_for_recheck(&self, slot: usize) -> Recheck {
        self.supervisors[slot].recheck.notified().await;
        std::mem::replace(&mut self.lock().slots.get(slot).recheck, Recheck::Presence)
    }
}
