//! Replaces a running instance by a new process; handles, clients and calls do not notice.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::Supervisor;
use super::recovery::StartedBy;
use crate::error::Result;
use crate::host::install::Installation;
use crate::host::instance::{OwnedInstance, StartError};
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::event::PluginEvent;
use crate::host::policy::PluginConfiguration;
use crate::transport::FileId;

/// Files from which an instance may be replaced.
pub(super) struct UpgradeCandidate {
    installation: Arc<Installation>,
    /// The program, if it is not the program of the current instance.
    program: Option<FileId>,
}

/// An upgrade that has failed.
pub(super) struct FailedUpgrade {
    pub(super) error: StartError,
    /// When it is tried again, if its failure says nothing about the plugin.
    retry_at: Option<Instant>,
}

impl UpgradeCandidate {
    /// Whether these are the same files, unchanged: not only equal, but from the same read.
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.installation, &other.installation) && self.program == other.program
    }
}

impl Supervisor {
    /// Replaces the running instance, or starts the plugin, since somebody asked for it.
    pub(super) async fn reload(&mut self) -> Result<()> {
        match &self.current {
            None => self.load().await,
            Some(instance) if instance.can_be_replaced() => {
                self.replace(None).await.map_err(|failed| failed.error.into())
            }
            Some(_) => {
                self.stop(State::Discovered).await?;
                self.load().await
            }
        }
    }

    /// Replaces the running instance if its `.pconf` or its program has changed. Files that
    /// failed before are not tried again. If only one of the two is there yet, or if the host is
    /// short of something, the upgrade is tried again.
    pub(super) async fn upgrade_if_changed(&mut self, installation: Arc<Installation>) {
        let current = self.current.as_ref();
        let Some(current) = current.filter(|instance| instance.can_be_replaced()) else { return };
        let same_pconf = Arc::ptr_eq(&current.installation, &installation);
        // A pinned digest says more about a program than its status does, which a backup may change.
        let pinned = installation.pconf.sha256().is_some();
        let program = self.plugin.newer_program();
        let program = program.filter(|newer| !(pinned && current.shared.runs_from(newer)));
        let candidate = UpgradeCandidate { installation, program };
        let has_failed = self.failed_upgrade.as_ref().is_some_and(|it| it.is_same(&candidate));
        if has_failed || (same_pconf && candidate.program.is_none()) {
            return;
        }
        self.upgrade_at = None;
        let Err(FailedUpgrade { error, retry_at }) = self.replace(None).await else { return };
        match retry_at {
            // The old process has ended too: what is tried again is a restart.
            Some(_) if self.current.is_none() => {}
            Some(at) => {
                self.log_retry(at, &error);
                self.upgrade_at = Some(at);
            }
            None => {
                self.failed_upgrade = Some(candidate);
                self.report(PluginEvent::UpgradeFailed(error.error.to_string()));
            }
        }
    }

    /// Makes the upgrade for which the other half, or what the host was short of, is waited for.
    pub(super) async fn retry_upgrade(&mut self) {
        self.upgrade_at = None;
        if let Some(installation) = self.plugin.installation() {
            self.upgrade_if_changed(installation).await;
        }
    }

    /// Starts a new process beside the old one, and lets it take all further calls. The old
    /// process finishes its calls. If the new process does not start, the old one stays. With a
    /// candidate for the configuration, the new process gets that, and so do all later ones. Does
    /// nothing without a running instance.
    pub(super) async fn replace(
        &mut self,
        candidate: Option<PluginConfiguration>,
    ) -> Result<(), FailedUpgrade> {
        let Some(mut old) = self.current.take() else { return Ok(()) };
        let (started, has_crashed) = {
            let mut starting = pin!(self.start_successor(candidate.as_ref()));
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
                self.reconfigured = candidate.or_else(|| self.reconfigured.take());
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

    /// Lets a replaced instance finish its calls, and stops it, in the background.
    fn retire(&mut self, old: OwnedInstance) {
        let plugin = Arc::clone(&self.plugin);
        self.retiring.spawn(async move { old.retire(plugin.policy(), plugin.closing()).await });
    }
}
