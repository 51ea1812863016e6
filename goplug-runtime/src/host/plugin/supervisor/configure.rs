//! Which configuration the next process of a plugin gets.

use std::borrow::Cow;

use super::Supervisor;
use super::recovery::StartedBy;
use super::upgrade::FailedUpgrade;
use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::reporter::Reporter;
use crate::host::policy::{PluginConfiguration, Policy};
use crate::panic::contained;

impl Supervisor {
    /// The policy with the configuration of the next process: what the plugin was reconfigured with, what
    /// its policy says, what the host says of discovered plugins, in this order.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the host has failed to give it, or if it does not fit what the
    /// `.pconf` says.
    pub(super) fn next_policy(
        &self,
        installation: &Installation,
        reporter: &dyn Reporter,
    ) -> Result<Cow<'_, Policy>> {
        let policy = self.plugin.policy();
        let given = match self.plugin.configurations.next(self.plugin.index()) {
            Some(configuration) => Some(configuration),
            None if policy.configuration.is_none() => {
                reporter.configuration(self.plugin.plugin())?
            }
            None => None,
        };
        let policy = match given {
            Some(configuration) => Cow::Owned(Policy { configuration, ..policy.clone() }),
            None => Cow::Borrowed(policy),
        };
        let plugin = self.plugin.id();
        for remark in installation.check_configuration(&policy.configuration)? {
            contained(|| {
                tracing::warn!(target: "goplug::configuration", %plugin, "its configuration: {remark}");
            });
        }
        Ok(policy)
    }

    /// Replaces the running process by one with this configuration, which later processes of this slot get
    /// too, unless it is withdrawn. If none runs, the next process gets it.
    pub(super) async fn reconfigure(&mut self, configuration: &PluginConfiguration) -> Result<()> {
        let id = self.plugin.id();
        let Some(installation) = self.plugin.installation() else { return Err(self.not_found()) };
        let refused = |why: &str| Err(Error::Configuration(format!("{id} {why}")));
        if installation.pconf.protocol() == 1 {
            return refused("is a plugin of the original GoPlug, and those read no configuration");
        }
        if installation.remote().is_some() {
            return refused("serves a network, and whoever serves it configures it");
        }
        let is_foreign = self.current.as_ref().is_some_and(|current| !current.can_be_replaced());
        if is_foreign || installation.command().is_none() {
            return refused(
                "is started by another process, so no new process can take its place: a host \
                 configures it by the first activation, and by a load after it was unloaded by \
                 all its hosts",
            );
        }
        // What looks wrong and is no error is logged when a process gets it.
        let _ = installation.check_configuration(configuration)?;
        self.plugin.configurations.reach(self.plugin.index(), configuration);
        self.replace().await.map_err(|failed| failed.error.into())
    }

    /// Replaces the running process, which has a configuration that was withdrawn, by one with that of the
    /// plugin. If that does not start, the process ends all the same, and the start is tried again as after
    /// a crash.
    pub(super) async fn restore(&mut self) -> Result<()> {
        let Err(FailedUpgrade { error, .. }) = self.replace().await else { return Ok(()) };
        // If the old process has ended too, that is so already.
        if self.current.is_some() {
            self.plugin.clear_instance(State::Stopped, Availability::Restarting(None));
            // What has not ended is reported.
            drop(self.stop_current().await);
            self.handle_failed_start(&error, StartedBy::Restart);
        }
        Ok(())
    }
}

/// The error that a configuration has failed with one of several instances.
pub(super) fn kept(error: Error) -> Error {
    let with = |reason: String| format!("{reason}; the plugin keeps the configuration that it had");
    match error {
        Error::Start { id, reason, stderr } => Error::Start { id, reason: with(reason), stderr },
        Error::Rejected { path, reason } => Error::Rejected { path, reason: with(reason) },
        other => other,
    }
}
