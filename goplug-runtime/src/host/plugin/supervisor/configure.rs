//! Which configuration the next process of a plugin gets.

use std::borrow::Cow;

use super::Supervisor;
use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::plugin::reporter::Reporter;
use crate::host::policy::{PluginConfiguration, Policy};
use crate::panic::contained;

impl Supervisor {
    /// The policy with the configuration of the next process: `candidate` if there is one, or else
    /// what the plugin was reconfigured with, what its policy says, what the host says of discovered
    /// plugins, in this order.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the host has failed to give it, or if it does not fit what the
    /// `.pconf` says.
    pub(super) fn next_policy(
        &self,
        installation: &Installation,
        reporter: &dyn Reporter,
        candidate: Option<&PluginConfiguration>,
    ) -> Result<Cow<'_, Policy>> {
        let policy = self.plugin.policy();
        let given = match candidate.or(self.reconfigured.as_ref()) {
            Some(configuration) => Some(configuration.clone()),
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

    /// Replaces the running process by one with this configuration; all later ones get it too. If
    /// the plugin does not run, its next process gets it.
    pub(super) async fn reconfigure(&mut self, configuration: &PluginConfiguration) -> Result<()> {
        let id = self.plugin.id();
        let Some(installation) = self.plugin.installation() else { return Err(self.not_found()) };
        let refused = |why: &str| Err(Error::Configuration(format!("{id} {why}")));
        if installation.pconf.protocol() == 1 {
            return refused("is a plugin of the original GoPlug, and those read no configuration");
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
        self.end_idle().await;
        if self.current.is_none() {
            self.reconfigured = Some(configuration.clone());
            return Ok(());
        }
        self.replace(Some(configuration.clone())).await.map_err(|failed| failed.error.into())
    }
}
