//! The owner of the instances of one slot: only its supervisor starts, watches, replaces and stops
//! them. A plugin has a supervisor for each of its slots.
//!
//! The supervisor is a task with a bounded queue of commands. So a load and an unload that come
//! at the same time have an order, and the end of a process is noticed by its exit, not by the
//! next call that fails.
//!
//! This file holds the loop and the commands. `start` starts an instance, `stop` ends it, `recovery`
//! restarts a plugin whose process ended, `upgrade` replaces a running instance, `rolling` one after
//! another; `configure` says what a process is configured with, `granting` what it is granted.

mod configure;
mod granting;
mod recovery;
mod rolling;
mod start;
mod stop;
mod upgrade;

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use self::recovery::{OtherHalf, StartedBy};
use super::availability::{Availability, State};
use super::command::{Command, Recheck, Request};
use super::event::PluginEvent;
use super::program_watch::ProgramWatch;
use super::reporter::Reporter;
use super::restarts::RestartHistory;
use super::slot::Slot;
use super::state::PluginState;
use crate::error::{Error, Result};
use crate::host::install::{DigestCache, Installation};
use crate::host::instance::{Exit, OwnedInstance, Survivor, probe};
use crate::host::looks::Looks;
use crate::host::policy::Policy;
use crate::panic::{catch, catch_panic, contained};
use crate::protocol::PluginId;

/// Supervises one slot of a plugin until its registry is gone.
pub(in crate::host) struct Supervisor {
    plugin: Slot,
    reporter: Weak<dyn Reporter>,
    commands: mpsc::Receiver<Request>,
    current: Option<OwnedInstance>,
    restarts: RestartHistory,
    /// When the plugin is to be restarted.
    restart_at: Option<Instant>,
    /// When an upgrade is to be tried again.
    upgrade_at: Option<Instant>,
    other_half: OtherHalf,
    /// Whether the plugin has ever run.
    has_run: bool,
    /// Whether an upgrade is to be made once that of another slot has ended.
    awaits_turn: bool,
    digests: DigestCache,
    /// The looks at the paths that the plugin asks for.
    looks: Looks,
    /// Replaced instances that finish their calls.
    retiring: JoinSet<Result<(), Survivor>>,
    /// Has those finish them within the time of a stop.
    retiring_ends: watch::Sender<()>,
    /// Processes that were killed and have not ended.
    survivors: JoinSet<()>,
    /// Whether the loop has ended by itself.
    has_ended: bool,
}

impl Supervisor {
    /// A new plugin with its supervisors.
    pub(in crate::host) fn of_plugin(
        id: PluginId,
        policy: Policy,
        reporter: &Weak<dyn Reporter>,
    ) -> (Arc<PluginState>, Vec<Self>) {
        let (plugin, queues) = PluginState::new(id, policy, Weak::clone(reporter) as _);
        let (plugin, digests) = (Arc::new(plugin), DigestCache::default());
        let supervise = |(slot, commands)| {
            let slot = Slot::new(Arc::clone(&plugin), slot);
            Self::new(slot, Weak::clone(reporter), commands, digests.clone())
        };
        let supervisors = queues.into_iter().enumerate().map(supervise).collect();
        (plugin, supervisors)
    }

    fn new(
        plugin: Slot,
        reporter: Weak<dyn Reporter>,
        commands: mpsc::Receiver<Request>,
        digests: DigestCache,
    ) -> Self {
        Self {
            plugin,
            reporter,
            commands,
            current: None,
            restarts: RestartHistory::default(),
            restart_at: None,
            upgrade_at: None,
            other_half: OtherHalf::default(),
            has_run: false,
            awaits_turn: false,
            digests,
            looks: Looks::default(),
            retiring: JoinSet::new(),
            retiring_ends: watch::Sender::default(),
            survivors: JoinSet::new(),
            has_ended: false,
        }
    }

    /// Carries out commands and watches the process, until all senders of commands are gone. After a
    /// panic, it goes on with a plugin that does not run.
    pub(in crate::host) async fn run(mut self) {
        loop {
            match catch_panic(self.turn()).await {
                Ok(ControlFlow::Continue(())) if self.forget_if_unused() => return,
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return,
                Err(panic) => drop(self.recover(&panic)),
            }
        }
    }

    /// Waits for one thing that there is to do, and does it.
    async fn turn(&mut self) -> ControlFlow<()> {
        // A plugin that somebody else started is never stopped for being idle.
        let has_child = self.current.as_ref().is_some_and(OwnedInstance::can_be_replaced);
        tokio::select! {
            request = self.commands.recv() => match request {
                Some(request) => self.execute(request).await,
                None => {
                    drop(self.stop(State::Stopped).await);
                    self.has_ended = true;
                    return ControlFlow::Break(());
                }
            },
            exit = wait_for_exit(&mut self.current) => self.handle_exit(exit).await,
            recheck = self.plugin.wait_for_recheck() => self.recheck(recheck).await,
            () = wait_until(self.restart_at) => self.restart().await,
            () = wait_until(self.upgrade_at) => self.retry_upgrade().await,
            () = self.plugin.upgrades.idle(), if self.awaits_turn => self.retry_upgrade().await,
            () = wait_until_idle(&self.plugin, has_child) => self.stop_idle().await,
            Some(retired) = self.retiring.join_next() => drop(self.retired(retired)),
            Some(_) = self.survivors.join_next() => self.report(PluginEvent::Stopped),
        }
        ControlFlow::Continue(())
    }

    /// Whether the plugin is not installed, and nothing is left of it.
    fn is_unused(&self) -> bool {
        let has_plans = self.restart_at.is_some() || self.upgrade_at.is_some();
        let is_ending = !self.retiring.is_empty() || !self.survivors.is_empty();
        let runs = self.current.is_some() || is_ending || has_plans;
        // What the host has set holds for a plugin that comes back.
        let is_set_up =
            self.plugin.configurations.is_given() || !self.plugin.callbacks().is_empty();
        !runs && !is_set_up && self.plugin.installation().is_none()
    }

    /// Has the registry forget the plugin, if no slot is used and nobody has a handle of it.
    fn forget_if_unused(&self) -> bool {
        let is_unused = self.plugin.note_unused(self.is_unused());
        let reporter = self.reporter.upgrade().filter(|_| is_unused);
        reporter.is_some_and(|reporter| reporter.forget(self.plugin.plugin()))
    }

    /// Ends the process, and leaves the plugin to those who load it again: a panic has left unfinished
    /// what was being done. Returns the error for those who wait for that.
    fn recover(&mut self, panic: &str) -> Error {
        let reason = format!("its supervisor panicked: {panic}");
        let plugin = self.plugin.id();
        contained(|| tracing::error!(target: "goplug::supervisor", %plugin, "{reason}"));
        self.forget_retries();
        if let Some(instance) = self.current.take() {
            instance.shared.end(Exit::because(&reason));
        }
        self.plugin.clear_instance(State::Stopped, Availability::GivenUp(reason.clone()));
        drop(catch(|| self.report(PluginEvent::GivenUp(reason.clone()))));
        Error::Internal(format!("{}: {reason}", self.plugin.id()))
    }

    async fn execute(&mut self, request: Request) {
        match &request.command {
            Command::LoadOnDemand if request.is_abandoned() => {}
            Command::Load => {
                let loaded = catch_panic(self.load()).await;
                request.answer(self.unless_panicked(loaded));
            }
            Command::LoadOnDemand => {
                let loaded = catch_panic(self.load()).await;
                let loaded = self.unless_panicked(loaded);
                if loaded.is_ok() {
                    self.plugin.start_others(self.plugin.index(), request.stops);
                }
                request.answer(loaded);
            }
            Command::Unload => {
                let stopped = catch_panic(self.stop_all(State::Discovered)).await;
                request.answer(self.unless_panicked(stopped));
            }
            Command::Replace(replacement) => {
                let replacement = replacement.clone();
                self.roll(&replacement, request).await;
            }
            Command::Close => {
                let stopped = self.stop_all(State::Stopped).await;
                self.commands.close();
                // The senders of dropped commands get `Error::Stopped`.
                while self.commands.try_recv().is_ok() {}
                request.answer(stopped);
            }
        }
    }

    /// The result of what a command has done, or the error of a panic in it.
    fn unless_panicked(&mut self, done: Result<Result<()>, String>) -> Result<()> {
        done.unwrap_or_else(|panic| Err(self.recover(&panic)))
    }

    /// Starts the plugin, unless it runs, since somebody asked for it.
    async fn load(&mut self) -> Result<()> {
        self.start_for(StartedBy::Request).await.map_err(Into::into)
    }

    /// Makes this instance the current one, which takes all further calls.
    fn set_current(&mut self, instance: OwnedInstance, event: PluginEvent) {
        self.forget_retries();
        self.has_run = true;
        if event == PluginEvent::Restarted {
            self.plugin.count_restart();
        }
        if let Some(granted) = &instance.granted {
            self.plugin.consent(granted);
        }
        self.plugin.set_instance(Arc::clone(&instance.shared), instance.callback_generation());
        let watch = instance.can_be_replaced().then(|| ProgramWatch::running(&instance.shared));
        self.watch_program(watch);
        let installation = &instance.installation;
        if let Some(socket) = &installation.attached {
            self.report(PluginEvent::Attached(socket.clone()));
        } else if installation.pconf.is_in_development() && event == PluginEvent::Loaded {
            self.report(PluginEvent::InDevelopment);
        }
        if let Some(reporter) = self.reporter.upgrade() {
            reporter.accept(&instance.installation, self.plugin.number());
        }
        self.report(event);
        self.current = Some(instance);
    }

    /// Starts, replaces or stops the plugin, as its files now say.
    async fn recheck(&mut self, recheck: Recheck) {
        let Some(installation) = self.plugin.installation() else {
            // What has not ended is reported.
            return drop(self.stop(State::Stopped).await);
        };
        if self.plugin.is_spare() {
            return drop(self.stop(State::Discovered).await);
        }
        if self.plugin.takes_start(self.plugin.index()) && self.restart_at.is_none() {
            let has_run = self.current.is_some();
            // A failure is reported and perhaps tried again.
            drop(self.start_for(StartedBy::Discovery).await);
            if !has_run {
                return;
            }
        }
        self.end_idle().await;
        match &self.current {
            _ if recheck == Recheck::Presence => {}
            Some(_) => self.upgrade_if_changed(installation).await,
            None if self.restart_at.is_some() => self.restart().await,
            None if !self.is_auto_loaded(&installation) => self.probe(&installation).await,
            // A failure is reported and perhaps tried again.
            None => drop(self.start_for(StartedBy::Discovery).await),
        }
    }

    /// Whether a registry that discovers by itself loads the plugin by itself.
    fn is_auto_loaded(&self, installation: &Installation) -> bool {
        self.plugin.policy().auto_load && !installation.pconf.lazy_load()
    }

    /// Checks that a plugin that is started by somebody else can be reached; rejects its file if
    /// not.
    async fn probe(&self, installation: &Installation) {
        tokio::select! {
            probed = probe(installation) => {
                if let Err(error) = probed {
                    self.reject(&error);
                }
            }
            () = self.plugin.closing() => {}
        }
    }

    /// Leaves nothing that is to be tried again.
    fn forget_retries(&mut self) {
        (self.restart_at, self.upgrade_at, self.awaits_turn) = (None, None, false);
        self.forget_half_installed();
    }

    fn reject(&self, error: &Error) {
        let reason = match error {
            Error::Rejected { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        self.watch_failed_program();
        if let (Some(reporter), Some(installation)) =
            (self.reporter.upgrade(), self.plugin.installation())
        {
            // What else fails holds for all instances.
            let is_of_instance = matches!(error, Error::Start { .. });
            let instance = self.plugin.number().filter(|_| is_of_instance);
            reporter.reject(&installation, instance, reason);
        }
    }

    /// Has the program looked at that did not start: perhaps it is replaced by one that does.
    fn watch_failed_program(&self) {
        self.watch_program(self.plugin.program().map(ProgramWatch::NotStarted));
    }

    /// Sets which program is looked at for a newer version.
    fn watch_program(&self, watch: Option<ProgramWatch>) {
        if let Some(reporter) = self.reporter.upgrade() {
            reporter.watch_program(&self.plugin, watch);
        }
    }

    fn report(&self, event: PluginEvent) {
        self.plugin.report(event);
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Handles may remain, and their calls have to fail. If the task was not ended by its
        // registry, which lives, nor by a panic, then its runtime has ended.
        let is_registry_alive = self.reporter.strong_count() > 0;
        let (reason, availability) = match is_registry_alive && !std::thread::panicking() {
            true if !self.has_ended => {
                ("the runtime of its registry is gone", Availability::RuntimeGone)
            }
            _ => ("its registry is gone", Availability::NotLoaded),
        };
        if let Some(instance) = self.current.take() {
            instance.shared.end(Exit::because(reason));
        }
        self.plugin.clear_instance(State::Stopped, availability);
    }
}

/// Waits for the exit of the instance; forever if there is none. Cancel safe.
async fn wait_for_exit(current: &mut Option<OwnedInstance>) -> Exit {
    match current {
        Some(instance) => instance.wait().await,
        None => std::future::pending().await,
    }
}

/// Waits until this time; forever if there is none. Cancel safe.
async fn wait_until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Waits until the plugin has been idle for the time of the policy; forever if there is no child or no
/// time. Cancel safe.
async fn wait_until_idle(plugin: &Slot, has_child: bool) {
    match plugin.policy().idle_stop.filter(|_| has_child) {
        Some(limit) => plugin.idle(limit).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
