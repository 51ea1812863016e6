//! Restarts a plugin whose process ended, or whose start failed, as its restart policy says.

use tokio::time::Instant;

use super::Supervisor;
use crate::error::Error;
use crate::host::instance::{Exit, OwnedInstance};
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::reporter::PluginEvent;
use crate::host::plugin::restarts::RestartDecision;

impl Supervisor {
    /// Handles the exit of the current instance.
    pub(super) async fn handle_exit(&mut self, exit: Exit) {
        match self.current.take_if(|instance| instance.is_replaced()) {
            Some(old) => self.follow(old, exit).await,
            None => self.handle_crash(exit),
        }
    }

    /// Activates the process that has taken the place of a plugin that somebody else has started.
    /// That is no restart: whoever started it has restarted it.
    async fn follow(&mut self, old: OwnedInstance, exit: Exit) {
        // Calls wait for the new process.
        self.plugin.clear_instance(State::Stopped, Availability::Restarting);
        self.report(PluginEvent::ended(&exit));
        old.shared.end(exit);
        drop(old);
        match self.start_successor().await {
            Ok(instance) => self.set_current(instance, PluginEvent::Restarted),
            Err(error) => self.handle_failed_restart(&error),
        }
    }

    fn handle_crash(&mut self, exit: Exit) {
        let Some(instance) = self.current.take() else { return };
        let policy = &self.plugin.policy().restart;
        let now = std::time::Instant::now();
        let decision = self.restarts.after_exit(policy, &exit, instance.uptime(), now);
        // The order matters: listeners that get the events, and calls that fail now, read the
        // plugin's state, which must not have this instance any more.
        let given_up = self.apply(decision);
        self.report(PluginEvent::ended(&exit));
        if let Some(event) = given_up {
            self.report(event);
        }
        instance.shared.end(exit);
    }

    /// Makes the restart that is due.
    pub(super) async fn restart(&mut self) {
        self.restart_at = None;
        match self.start().await {
            Ok(instance) => self.set_current(instance, PluginEvent::Restarted),
            Err(error) => self.handle_failed_restart(&error),
        }
    }

    fn handle_failed_restart(&mut self, error: &Error) {
        match error {
            Error::Stopped | Error::NotFound { .. } => {
                self.plugin.clear_instance(State::Stopped, Availability::NotLoaded);
            }
            error => self.handle_failed_start(error),
        }
    }

    /// Handles the failed start of a plugin that crashed.
    pub(super) fn handle_failed_start(&mut self, error: &Error) {
        let policy = &self.plugin.policy().restart;
        let now = std::time::Instant::now();
        let decision = self.restarts.after_failed_start(policy, &error.to_string(), now);
        if let Some(event) = self.apply(decision) {
            self.report(event);
        }
    }

    /// Schedules a restart or leaves the plugin stopped. Returns the event that the caller has to
    /// report if restarts are given up.
    fn apply(&mut self, decision: RestartDecision) -> Option<PluginEvent> {
        let (availability, event) = match decision {
            RestartDecision::RestartAfter(wait) if self.plugin.installation().is_some() => {
                self.restart_at = Some(Instant::now() + wait);
                (Availability::Restarting, None)
            }
            RestartDecision::RestartAfter(_) | RestartDecision::StayStopped => {
                (Availability::NotLoaded, None)
            }
            RestartDecision::GiveUp(reason) => {
                (Availability::GivenUp(reason.clone()), Some(PluginEvent::GivenUp(reason)))
            }
        };
        self.plugin.clear_instance(State::Stopped, availability);
        event
    }
}
