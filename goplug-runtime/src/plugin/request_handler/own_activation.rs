//! The activation of a plugin that no host owns.

use bytes::Bytes;

use super::RequestHandler;
use crate::protocol::Problem;
use crate::typed::Configuration;

impl RequestHandler {
    /// Activates the plugin with this configuration, for good: hosts come and go, and it stays active until it
    /// is stopped.
    ///
    /// # Errors
    /// The problem that the activation has failed, or that the plugin is stopping.
    pub(in crate::plugin) async fn activate_itself(
        &self,
        configuration: Bytes,
    ) -> Result<(), Problem> {
        let pin = self.lifecycle.begin_pin();
        let configuration = Configuration::new(configuration);
        let hook = || self.in_context(self.definition.hooks.run_activate(configuration));
        self.lifecycle.activate(hook).await?;
        pin.keep();
        Ok(())
    }
}
