//! Putting a new process in the place of the one that runs, beneath every client and call.

use std::pin::pin;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::Supervisor;
use crate::error::Result;
use crate::host::install::Installation;
use crate::host::instance::OwnedInstance;
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::reporter::Change;
use crate::transport::FileId;

/// What could not take the place of an instance.
pub(super) struct Refused {
    installation: Arc<Installation>,
    /// The program, if it is another one than that of the instance.
    program: Option<FileId>,
}

impl Refused {
    /// Whether these are the same files as those: not merely alike, but read at the same time.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.installation, &other.installation) && self.program == other.program
    }
}

impl Supervisor {
    pub(super) async fn reload(&mut self) -> Result<()> {
        match &self.current {
            None => self.load().await,
            Some(instance) if instance.can_be_replaced() => self.replace().await,
            Some(_) => {
                self.stop(State::Discovered).await;
                self.load().await
            }
        }
    }

    /// Does what the changed files of a plugin say that runs.
    pub(super) async fn update(&mut self, installation: Arc<Installation>) {
        let current = self.current.as_ref();
        let Some(current) = current.filter(|instance| instance.can_be_replaced()) else { return };
        let (instance, same_file) =
            (Arc::clone(&current.shared), Arc::ptr_eq(&current.installation, &installation));
        let program = spawn_blocking(move || instance.newer_program()).await.ok().flatten();
        let found = Refused { installation, program };
        let was_refused = self.refused.as_ref().is_some_and(|refused| refused.is(&found));
        if was_refused || (same_file && found.program.is_none()) {
            return;
        }
        if let Err(error) = self.replace().await {
            self.refused = Some(found);
            self.report(Change::UpgradeFailed(error.to_string()));
        }
    }

    /// Starts a new process beside the old one and puts it in its place. The old one finishes
    /// the calls that it has; if the new one is no good, the old one stays.
    async fn replace(&mut self) -> Result<()> {
        let Some(mut old) = self.current.take() else { return self.load().await };
        let (started, died) = {
            let mut starting = pin!(self.start_successor());
            tokio::select! {
                started = starting.as_mut() => (started, false),
                exit = old.wait() => {
                    // A start is on its way: the calls wait for that.
                    self.plugin.end_service(State::Stopped, Availability::Restart);
                    self.report(Change::Crashed(exit.clone()));
                    old.shared.end(exit);
                    (starting.await, true)
                }
            }
        };
        match (started, died) {
            (Ok(instance), died) => {
                self.restarts.forget();
                self.put_in_service(instance, Change::Upgraded);
                if !died {
                    self.retire(old);
                }
                Ok(())
            }
            (Err(error), false) => {
                if let Some(generation) = old.callback_generation() {
                    self.plugin.callbacks().resume_generation(generation);
                }
                self.current = Some(old);
                Err(error)
            }
            (Err(error), true) => {
                self.start_failed(&error);
                Err(error)
            }
        }
    }

    /// Starts an instance that has to offer what the clients of the current one need.
    async fn start_successor(&self) -> Result<OwnedInstance> {
        let launched = self.launch().await?;
        if let Err(error) = self.plugin.check_contracts(launched.instance.shared.descriptor()) {
            launched.instance.stop(self.plugin.policy().stop_timeout).await;
            return Err(error);
        }
        self.settle_callbacks(launched).await
    }

    /// Lets an instance that was replaced finish its calls, and stops it.
    fn retire(&mut self, old: OwnedInstance) {
        let plugin = Arc::clone(&self.plugin);
        self.retiring.spawn(async move { old.retire(plugin.policy(), plugin.closing()).await });
    }
}
