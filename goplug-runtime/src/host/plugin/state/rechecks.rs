//! What the supervisor is to check: the plugin's files, or only whether they are there.

use super::PluginState;
use crate::host::plugin::command::Recheck;
use crate::transport::FileId;

impl PluginState {
    /// Has the supervisor stop the plugin if its `.pconf` is gone.
    pub(in crate::host) fn recheck_presence(&self) {
        self.recheck.notify_one();
    }

    /// Has the supervisor start, replace or stop the plugin, as its files now say. Requests that
    /// come before the supervisor gets to it are one request.
    pub(in crate::host) fn recheck_content(&self) {
        self.lock().recheck = Recheck::Content;
        self.recheck.notify_one();
    }

    /// Notes that another file is in the place of the plugin's program, and has the supervisor check
    /// the plugin's files.
    pub(in crate::host) fn recheck_program(&self, newer: FileId) {
        self.lock().newer_program = Some(newer);
        self.recheck_content();
    }

    /// Notes whether nothing fulfils a service that the plugin needs, as far as is known.
    pub(in crate::host::plugin) fn set_lacks_service(&self, lacks_service: bool) {
        self.lock().lacks_service = lacks_service;
    }

    /// Has the supervisor check the plugin's files if a service is missing that the plugin needs: what
    /// fulfils it may be installed now.
    pub(in crate::host) fn recheck_services(&self) {
        if self.lock().lacks_service {
            self.recheck_content();
        }
    }

    /// Waits until the supervisor is to check the plugin's files. Cancel safe.
    pub(in crate::host::plugin) async fn wait_for_recheck(&self) -> Recheck {
        self.recheck.notified().await;
        std::mem::replace(&mut self.lock().recheck, Recheck::Presence)
    }
}
