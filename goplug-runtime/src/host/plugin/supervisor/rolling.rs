//! Replaces the instances of a plugin one after another: a roll. Each supervisor passes it on to that of the
//! next slot when it has done it for its own.

use super::Supervisor;
use crate::host::plugin::command::Command;
use crate::panic::catch_panic;

impl Supervisor {
    /// Carries out a command that replaces instances for this slot, and passes it on. The first failure
    /// ends it, and so does a stop of the plugin, with success: as with one instance, that comes after it.
    pub(super) async fn roll(&mut self, command: Command) {
        let is_passed_on = self.plugin.index() > 0;
        let rolled = match &command {
            Command::Reload(request) if is_passed_on && request.stops != self.plugin.stops() => {
                return command.into_request().answer(Ok(()));
            }
            Command::Reload(_) => catch_panic(self.reload()).await,
            Command::Upgrade(_) => catch_panic(self.upgrade_with_consent()).await,
            Command::Reconfigure(configuration, _) => {
                catch_panic(self.reconfigure(configuration)).await
            }
            Command::Load(_)
            | Command::LoadOnDemand(_)
            | Command::Unload(_)
            | Command::Close(_) => Ok(Ok(())),
        };
        match self.unless_panicked(rolled) {
            Ok(()) => self.pass_on(command).await,
            failed => command.into_request().answer(failed),
        }
    }

    /// Passes a command that is done for this slot on to the next one. After the last, it is done.
    async fn pass_on(&self, command: Command) {
        if let Some(command) = self.plugin.pass_on(command).await {
            command.into_request().answer(Ok(()));
        }
    }
}
