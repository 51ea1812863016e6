//! Replaces a running instance by a new process; handles, clients and calls do not notice.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::Supervisor;
use super::recovery::StartedBy;
use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::instance::{OwnedInstance, StartError};
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::event::PluginEvent;
use crate::host::plugin::upgrades::UpgradeCandidate;

/// An upgrade that has failed.
pub(super) struct FailedUpgrade {
    pub(super) error: StartError,
    /// When it is tried again, if its failure says nothing about the plugin.
    pub(super) retry_at: Option<Instant>,
}

impl Supervisor {
    /// Replaces the running instance, or starts the plugin, since somebody asked for it.
    pub(super) async fn reload(&mut self) -> Result<()> {
        self.end_idle().await;
        match &self.current {
            None => self.load().await,
            Some(instance) if instance.can_be_replaced() => {
                self.replace().await.map_err(|failed| failed.error.into())
            }
            Some(_) => {
                self.stop(State::Discovered).await?;
                self.load().await
            }
        }
    }

    /// Replaces the running instance if its `.pconf` or its program has changed, once no other instance of
    /// the plugin is being replaced. Files that failed before, also in another slot, are not tried again. If
    /// only one of the two is there yet, or if the host is short of something, the upgrade is tried again.
    pub(super) async fn upgrade_if_changed(&mut self, installation: Arc<Installation>) {
        let Some(candidate) = self.upgrade_candidate(installation) else { return };
        if self.plugin.upgrades.has_failed(&candidate) {
            return;
        }
        self.upgrade_at = None;
        let plugin = self.plugin.clone();
        let Some(_turn) = plugin.upgrades.begin() else {
            self.awaits_turn = true;
            return;
        };
        // A failure is reported or tried again.
        drop(self.upgrade(candidate).await);
    }

    /// What is installed, if the running instance can be replaced by it and is not of these files.
    pub(super) fn upgrade_candidate(
        &self,
        installation: Arc<Installation>,
    ) -> Option<UpgradeCandidate> {
        let current = self.current.as_ref().filter(|instance| instance.can_be_replaced())?;
        let same_pconf = Arc::ptr_eq(&current.installation, &installation);
        // A pinned digest says more about a program than its status does, which a backup may change.
        let pinned = installation.pconf.sha256().is_some();
        let program = self.plugin.newer_program();
        let program = program.filter(|newer| !(pinned && current.shared.runs_from(newer)));
        let is_new = !same_pconf || program.is_some();
        is_new.then_some(UpgradeCandidate { installation, program })
    }

    /// Replaces the running instance by one from these files. A failure that says nothing about the plugin
    /// is tried again; otherwise the files have failed.
    pub(super) async fn upgrade(
        &mut self,
        candidate: UpgradeCandidate,
    ) -> Result<(), FailedUpgrade> {
        let replaced = self.replace().await;
        let Err(FailedUpgrade { error, retry_at }) = &replaced else { return replaced };
        match *retry_at {
            // The old process has ended too: what is tried again is a restart.
            Some(_) if self.current.is_none() => {}
            Some(at) => {
                self.log_retry(at, error);
                self.upgrade_at = Some(at);
            }
            None => {
                self.plugin.upgrades.fail(candidate);
                // What it waits for is reported.
                if !matches!(error.error, Error::ConsentRequired { .. }) {
                    self.report(PluginEvent::UpgradeFailed(error.error.to_string()));
                }
            }
        }
        replaced
    }

    /// Makes the upgrade for which the other half, or what the host was short of, is waited for.
    pub(super) async fn retry_upgrade(&mut self) {
        (self.upgrade_at, self.awaits_turn) = (None, false);
        if let Some(installation) = self.plugin.installation() {
            self.upgrade_if_changed(installation).await;
        }
    }

    /// Starts a new process beside the old one, and lets it take all further calls. The old
    /// process finishes its calls. If the new process does not start, the old one stays. Does nothing
    /// without a running instance.
    pub(super) async fn replace(&mut self) -> Result<(), FailedUpgrade> {
        let _change = self.plugin.begin_change();
        self.end_idle().await;
        let Some(mut old) = self.current.take() else { return Ok(()) };
        let (started, has_crashed) = {
            let mut starting = pin!(self.start_successor());
            tokio::select! {
                started = starting.as_mut() => (started, false),
                exit = old.wait() => {
                    // Calls wait for the new process, whose start goes on.
                    self.plugin.clear_instance(State::Stopped, Availability::Restarting(None));
                    self.report(PluginEvent::ended(&exit));
                    old.shared.end(exit);
                    (starting.await, true)
                }
            }
        };
        match (started, has_crashed) {
            (Ok(instance), has_crashed) => {
                self.restarts.reset();
                self.set_current(instance, PluginEvent::Upgraded);
                if !has_crashed {
                    self.retire(old);
                }
                Ok(())
            }
            (Err(error), false) => {
                self.current = Some(old);
                // Whoever asked for the upgrade also hears whether another try may succeed.
                let retry_at = self.retry_at(&error);
                Err(FailedUpgrade { error, retry_at })
            }
            (Err(error), true) => {
                let retry_at = self.handle_failed_start(&error, StartedBy::Restart);
                Err(FailedUpgrade { error, retry_at })
            }
        }
    }

    /// Lets a replaced instance finish its calls, and stops it, in the background. A stop of the plugin ends
    /// it too.
    fn retire(&mut self, old: OwnedInstance) {
        let (plugin, mut ends) = (self.plugin.clone(), self.retiring_ends.subscribe());
        self.retiring.spawn(async move {
            let stopping = async {
                tokio::select! {
                    _ = ends.changed() => {}
                    () = plugin.closing() => {}
                }
            };
            old.retire(plugin.policy(), stopping).await
        });
    }
}
