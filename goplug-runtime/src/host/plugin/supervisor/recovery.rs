//! Starts a plugin again whose process ended, or whose start failed, as its restart policy says.
//!
//! Some failed starts are tried again whatever the policy says, since they say nothing about the
//! plugin: when the host was short of something, and while only one half of an upgrade is there.

use std::sync::Arc;

use tokio::time::Instant;

use super::Supervisor;
use crate::error::Error;
use crate::host::instance::{Exit, OwnedInstance, StartCause, StartError};
use crate::host::plugin::availability::{Availability, State};
use crate::host::plugin::event::PluginEvent;
use crate::host::plugin::restarts::RestartDecision;
use crate::limits;
use crate::panic::contained;

/// Why a plugin was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartedBy {
    /// The registry discovers by itself, and the plugin is not lazy.
    Discovery,
    /// Somebody asked for it, and gets the error.
    Request,
    /// The plugin had crashed, or a start had failed.
    Restart,
}

/// The other half of an upgrade: the `.pconf` for a program, or the program for a `.pconf`.
#[derive(Debug, Default)]
pub(super) enum OtherHalf {
    #[default]
    NotMissing,
    /// Since this time a file has another digest than its `.pconf` says, after the plugin has run.
    MissingSince(Instant),
    /// It was waited for long enough. This failure is not waited for again.
    GivenUp(String),
}

impl OtherHalf {
    /// Until when it is waited for after this failure. `None` if that time is over, until the files
    /// are others.
    fn wait_until(&mut self, error: &Error) -> Option<Instant> {
        // The error names both digests.
        let failure = error.to_string();
        let now = Instant::now();
        let since = match self {
            Self::GivenUp(given_up) if *given_up == failure => return None,
            Self::MissingSince(since) => *since,
            Self::GivenUp(_) | Self::NotMissing => now,
        };
        let until = since + limits::UPGRADE_PAIR_TIMEOUT;
        let is_over = now >= until;
        *self = if is_over { Self::GivenUp(failure) } else { Self::MissingSince(since) };
        (!is_over).then_some(until)
    }
}

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
        self.plugin.clear_instance(State::Stopped, Availability::Restarting(None));
        self.report(PluginEvent::ended(&exit));
        old.shared.end_replaced(exit);
        drop(old);
        match self.start_successor().await {
            Ok(instance) => self.set_current(instance, PluginEvent::Restarted),
            Err(error) => _ = self.handle_failed_start(&error, StartedBy::Restart),
        }
    }

    fn handle_crash(&mut self, exit: Exit) {
        let Some(instance) = self.current.take() else { return };
        if self.plugin.is_stopped_idle() {
            // It was to be stopped: the next call starts the plugin.
            self.plugin.callbacks().forget_current(self.plugin.index());
            self.watch_program(None);
            self.report(PluginEvent::ended(&exit));
            return instance.shared.end(exit);
        }
        let policy = self.plugin.restart_policy();
        let now = std::time::Instant::now();
        let decision = self.restarts.after_exit(&policy, &exit, instance.uptime(), now);
        // The order matters: listeners that get the events, and calls that fail now, read the
        // plugin's state, which must not have this instance any more.
        let given_up = self.apply(decision, None);
        self.report(PluginEvent::ended(&exit));
        if let Some(event) = given_up {
            self.report(event);
        }
        instance.shared.end(exit);
    }

    /// Starts the plugin, unless it runs.
    pub(super) async fn start_for(&mut self, by: StartedBy) -> Result<(), StartError> {
        if let Some(current) = &self.current {
            // The plugin was idle, and a call has come before the instance was stopped.
            if self.plugin.is_stopped_idle() {
                let generation = current.callback_generation();
                self.plugin.set_instance(Arc::clone(&current.shared), generation);
            }
            return Ok(());
        }
        if self.plugin.is_spare() {
            return Ok(());
        }
        let _change = self.plugin.begin_change();
        let is_pending = self.restart_at.take().is_some();
        if !is_pending {
            self.restarts.reset();
        }
        match self.start().await {
            Ok(instance) => {
                self.restarts.reset();
                self.set_current(instance, PluginEvent::Loaded);
                Ok(())
            }
            Err(error) => {
                // A restart that was on its way is not called off by somebody who asks.
                let by = if is_pending { StartedBy::Restart } else { by };
                self.handle_failed_start(&error, by);
                Err(error)
            }
        }
    }

    /// Makes the restart that is due.
    pub(super) async fn restart(&mut self) {
        let _change = self.plugin.begin_change();
        if self.plugin.is_stopped_idle() {
            return self.end_idle().await;
        }
        self.restart_at = None;
        match self.start_successor().await {
            Ok(instance) => {
                // The restarts of a plugin that has crashed are counted until it lasts.
                let first = !self.has_run;
                let event = if first { PluginEvent::Loaded } else { PluginEvent::Restarted };
                self.set_current(instance, event);
            }
            Err(error) => _ = self.handle_failed_start(&error, StartedBy::Restart),
        }
    }

    /// Handles a failed start while no instance runs: reports it, and has it tried again or not.
    /// Returns when it is tried again whatever the policy says, if so.
    pub(super) fn handle_failed_start(
        &mut self,
        error: &StartError,
        by: StartedBy,
    ) -> Option<Instant> {
        // The registry stops: the file may be fine.
        if matches!(error.error, Error::Stopped | Error::NotFound { .. }) {
            self.forget_half_installed();
            if by == StartedBy::Restart {
                self.plugin.clear_instance(State::Stopped, Availability::NotLoaded);
            }
            return None;
        }
        let retry_at = self.retry_at(error);
        // A client that does not fit says nothing against the file: whoever asked gets the error.
        // Nor does a need that the host does not meet.
        let is_of_host = matches!(
            error.error,
            Error::Contract { .. } | Error::NotProvided { .. } | Error::ConsentRequired { .. }
        );
        if by == StartedBy::Request && is_of_host {
            self.watch_failed_program();
        } else {
            self.reject(&error.error);
        }
        if let Some(at) = retry_at.filter(|_| by != StartedBy::Request) {
            self.log_retry(at, error);
            self.restart_at = Some(at);
            let reason = Some(error.error.to_string());
            self.plugin.clear_instance(State::Stopped, Availability::Restarting(reason));
            return Some(at);
        }
        let decision = self.decide(error, by);
        if let RestartDecision::RestartAfter(wait) = decision {
            self.log_retry(Instant::now() + wait, error);
        }
        // Without a restart, a plugin that did not run is as it was.
        let changes = by == StartedBy::Restart || decision != RestartDecision::StayStopped;
        if let Some(event) = changes.then(|| self.apply(decision, Some(&error.error))).flatten() {
            self.report(event);
        }
        None
    }

    /// What the policy says to a failed start.
    fn decide(&mut self, error: &StartError, by: StartedBy) -> RestartDecision {
        // What is wrong with the files, or with what the host has configured, does not pass by itself:
        // files are looked at for changes.
        let is_wrong = matches!(
            error.error,
            Error::Rejected { .. }
                | Error::Configuration(_)
                | Error::NotProvided { .. }
                | Error::PermissionsDenied { .. }
                | Error::ConsentRequired { .. }
        );
        if by != StartedBy::Restart && is_wrong {
            return RestartDecision::StayStopped;
        }
        let code = match error.cause {
            StartCause::Ended(code) => code,
            _ => None,
        };
        let policy = self.plugin.restart_policy();
        let now = std::time::Instant::now();
        self.restarts.after_failed_start(&policy, &error.error.to_string(), code, now)
    }

    /// When a start or an upgrade is to be tried again, since its failure says nothing about the
    /// plugin; `None` if it does.
    pub(super) fn retry_at(&mut self, error: &StartError) -> Option<Instant> {
        let waits_for_half = error.cause == StartCause::Digest && self.has_run;
        let at = match error.cause {
            StartCause::Shortage => {
                let wait = self.restarts.after_shortage(&self.plugin.policy().restart);
                Some(Instant::now() + wait)
            }
            _ if waits_for_half => self.other_half.wait_until(&error.error),
            _ => None,
        };
        self.plugin.set_half_installed(waits_for_half && at.is_some());
        at
    }

    /// Notes that nothing is waited for that is half installed.
    pub(super) fn forget_half_installed(&mut self) {
        self.other_half = OtherHalf::NotMissing;
        self.plugin.set_half_installed(false);
    }

    pub(super) fn log_retry(&self, at: Instant, error: &StartError) {
        let wait = at.saturating_duration_since(Instant::now());
        let plugin = self.plugin.id();
        contained(|| {
            tracing::warn!(
                target: "goplug::supervisor",
                %plugin,
                "the start is tried again within {wait:?}: {}",
                error.error
            );
        });
    }

    /// Schedules a restart or leaves the plugin stopped. Returns the event that the caller has to
    /// report if restarts are given up.
    /// `failure` is why the last start failed, if it did.
    fn apply(&mut self, decision: RestartDecision, failure: Option<&Error>) -> Option<PluginEvent> {
        let (availability, event) = match decision {
            RestartDecision::RestartAfter(wait) if self.plugin.installation().is_some() => {
                self.restart_at = Some(Instant::now() + wait);
                (Availability::Restarting(failure.map(Error::to_string)), None)
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
