//! Ends the current instance, and what has not ended although it was killed.

use tokio::task::JoinError;

use super::Supervisor;
use crate::error::{Error, Result};
use crate::host::instance::Survivor;
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::event::PluginEvent;

impl Supervisor {
    /// Stops the plugin gracefully, if it runs, and cancels a restart.
    ///
    /// # Errors
    /// [`Error::Stop`] if its process has not ended.
    pub(super) async fn stop(&mut self, state: State) -> Result<()> {
        self.forget_retries();
        self.plugin.clear_instance(state, Availability::NotLoaded);
        self.stop_current().await
    }

    /// As [`Supervisor::stop`], and waits for replaced instances, which get no more time for their calls than
    /// the current one.
    pub(super) async fn stop_all(&mut self, state: State) -> Result<()> {
        self.retiring_ends.send_replace(());
        let mut stopped = self.stop(state).await;
        while let Some(retired) = self.retiring.join_next().await {
            stopped = stopped.and(self.retired(retired));
        }
        stopped
    }

    /// Stops a plugin that has had no calls for a while, unless a call has just begun: this instance,
    /// and the supervisors of the other slots theirs. The next call starts the plugin again.
    pub(super) async fn stop_idle(&mut self) {
        if self.plugin.clear_instances_if_idle() {
            // What has not ended is reported.
            drop(self.stop_current().await);
        }
    }

    /// Ends what this slot still has of a plugin that was stopped since it was idle: its instance, or the
    /// restart that was planned.
    pub(super) async fn end_idle(&mut self) {
        if !self.plugin.is_stopped_idle() {
            return;
        }
        if self.restart_at.is_some() {
            self.forget_retries();
            self.watch_program(None);
        }
        // What has not ended is reported.
        drop(self.stop_current().await);
    }

    pub(super) async fn stop_current(&mut self) -> Result<()> {
        let Some(instance) = self.current.take() else { return Ok(()) };
        self.plugin.callbacks().forget_current(self.plugin.index());
        self.watch_program(None);
        match instance.stop(self.plugin.policy().stop_timeout).await {
            Ok(()) => {
                self.report(PluginEvent::Stopped);
                Ok(())
            }
            Err(survivor) => Err(self.keep(survivor)),
        }
    }

    /// What came of a replaced instance.
    pub(super) fn retired(
        &mut self,
        retired: Result<Result<(), Survivor>, JoinError>,
    ) -> Result<()> {
        match retired {
            Ok(Err(survivor)) => Err(self.keep(survivor)),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Reports a process that has not ended, and has it killed again until it has. Returns the error of
    /// what was to end it.
    fn keep(&mut self, survivor: Survivor) -> Error {
        self.report_survivor(&survivor);
        let error = survivor.error(self.plugin.id());
        self.survivors.spawn(survivor.end());
        error
    }

    pub(super) fn report_survivor(&self, survivor: &Survivor) {
        self.report(PluginEvent::StopFailed(survivor.process(), survivor.reason().to_owned()));
    }
}
