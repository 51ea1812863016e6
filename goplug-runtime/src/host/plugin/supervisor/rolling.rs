//! Replaces the instances of a plugin one after another: a roll. Each supervisor passes it on to that of the
//! next slot when it has done it for its own.

use super::Supervisor;
use crate::host::plugin::command::{Replacement, Request};
use crate::panic::catch_panic;

impl Supervisor {
    /// Replaces the instance of this slot, and passes the request on. The first failure ends it, and so does a
    /// stop of the plugin, with success: as with one instance, that comes after it.
    pub(super) async fn roll(&mut self, replacement: &Replacement, request: Request) {
        let is_passed_on = self.plugin.index() > 0;
        let rolled = match replacement {
            Replacement::Reload if is_passed_on && request.stops != self.plugin.stops() => {
                return request.answer(Ok(()));
            }
            Replacement::Reload => catch_panic(self.reload()).await,
            Replacement::Upgrade => catch_panic(self.upgrade_with_consent()).await,
            Replacement::Reconfigure(configuration) => {
                catch_panic(self.reconfigure(configuration)).await
            }
        };
        match self.unless_panicked(rolled) {
            Ok(()) => self.pass_on(request).await,
            failed => request.answer(failed),
        }
    }

    /// Passes a request that is done for this slot on to the next one. After the last, it is done.
    async fn pass_on(&self, request: Request) {
        if let Some(request) = self.plugin.pass_on(request).await {
            request.answer(Ok(()));
        }
    }
}
