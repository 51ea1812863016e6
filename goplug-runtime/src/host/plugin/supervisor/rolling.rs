//! Replaces the instances of a plugin one after another: a roll. Each supervisor passes it on to that of the
//! next slot when it has done it for its own. There is one roll of a plugin at a time, so that at most one
//! supervisor waits for room in the queue of another.

use super::Supervisor;
use super::configure::kept;
use crate::error::Error;
use crate::host::plugin::command::{Command, Replacement, Request};
use crate::panic::catch_panic;

impl Supervisor {
    /// Replaces the instance of this slot, and passes the request on. The first failure ends it, and so does a
    /// stop of the plugin, with success: as with one instance, that comes after it.
    pub(super) async fn roll(&mut self, replacement: &Replacement, request: Request) {
        let slot = self.plugin.index();
        let rolled = match replacement {
            Replacement::Reload if slot > 0 && request.stops != self.plugin.stops() => {
                return request.answer(Ok(()));
            }
            Replacement::Reload => catch_panic(self.reload()).await,
            Replacement::Upgrade => catch_panic(self.upgrade_with_consent()).await,
            Replacement::Reconfigure(configuration) => {
                catch_panic(self.reconfigure(configuration)).await
            }
            Replacement::Restore { .. } => catch_panic(self.restore()).await,
        };
        match (replacement, self.unless_panicked(rolled)) {
            (Replacement::Restore { before }, _) if slot + 1 == *before => request.answer(Ok(())),
            (Replacement::Reconfigure(_), Err(error)) => self.give_back(request, error).await,
            (Replacement::Restore { .. }, _) | (_, Ok(())) => self.pass_on(request).await,
            (_, failed) => request.answer(failed),
        }
    }

    /// Passes a request that is done for this slot on to the next one. After the last, it is done.
    async fn pass_on(&self, request: Request) {
        let Some(request) = self.plugin.pass_on(request).await else { return };
        if let Command::Replace(Replacement::Reconfigure(_)) = &request.command {
            self.plugin.configurations.accept();
        }
        request.answer(Ok(()));
    }

    /// Ends a configuration that has failed with this slot: those before it get the one back that they had.
    async fn give_back(&self, request: Request, error: Error) {
        self.plugin.configurations.withdraw();
        match (self.plugin.number(), self.plugin.index()) {
            (None, _) => request.answer(Err(error)),
            (_, 0) => request.answer(Err(kept(error))),
            (_, slot) => {
                let restoring = request.restoring(slot, kept(error));
                self.plugin.plugin().pass_on(0, restoring).await;
            }
        }
    }
}
