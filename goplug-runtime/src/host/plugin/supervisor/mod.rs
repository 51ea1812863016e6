//! The owner of one plugin's instances: it alone starts, watches, replaces and stops them.
//!
//! It is a task with a bounded queue of commands, so that a load and an unload that come at
//! once have an order, and a process that dies is noticed by its exit and not by the next call
//! that fails. `upgrade` replaces an instance that runs.

mod upgrade;

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use self::upgrade::Refused;
use super::availability::{Availability, State};
use super::command::{Command, Recheck};
use super::reporter::{Change, Reporter};
use super::restarts::{Restarts, Verdict};
use super::state::PluginState;
use crate::error::{Error, Result};
use crate::host::callbacks;
use crate::host::install::{DigestCache, Installation};
use crate::host::instance::{
    Exit, Instance, Launch, OwnedInstance, probe, start_error, unsupported,
};
use crate::host::task::OwnedTask;

/// Supervises one plugin until its registry is gone.
pub(in crate::host) struct Supervisor {
    plugin: Arc<PluginState>,
    reporter: Weak<dyn Reporter>,
    commands: mpsc::Receiver<Command>,
    current: Option<OwnedInstance>,
    restarts: Restarts,
    /// When the plugin is started again.
    restart_at: Option<Instant>,
    /// What could not take the place of the current instance, which is not tried again.
    refused: Option<Refused>,
    digests: DigestCache,
    /// Instances that have been replaced and finish their calls.
    retiring: JoinSet<()>,
}

impl Supervisor {
    pub(in crate::host) fn new(
        plugin: Arc<PluginState>,
        reporter: Weak<dyn Reporter>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self {
            plugin,
            reporter,
            commands,
            current: None,
            restarts: Restarts::default(),
            restart_at: None,
            refused: None,
            digests: DigestCache::default(),
            retiring: JoinSet::new(),
        }
    }

    /// Carries out commands and watches the process, until no command can come.
    pub(in crate::host) async fn run(mut self) {
        loop {
            let plugin = Arc::clone(&self.plugin);
            let owned = self.current.as_ref().filter(|instance| instance.can_be_replaced());
            let owned = owned.map(|instance| Arc::clone(&instance.shared));
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.execute(command).await,
                    None => return self.stop(State::Stopped).await,
                },
                exit = exited(&mut self.current) => self.crashed(exit),
                recheck = plugin.recheck_due() => self.recheck(recheck).await,
                () = at(self.restart_at) => self.restart().await,
                () = idle(&plugin, owned) => self.stop_idle().await,
                Some(_) = self.retiring.join_next() => {}
            }
        }
    }

    async fn execute(&mut self, command: Command) {
        // An answer that nobody waits for any more is dropped: the work is done.
        match command {
            Command::Load(done) => drop(done.send(self.load().await)),
            Command::Wake(done) if done.is_closed() => {}
            Command::Wake(done) => drop(done.send(self.load().await)),
            Command::Unload(done) => {
                self.stop(State::Discovered).await;
                drop(done.send(Ok(())));
            }
            Command::Reload(done) => drop(done.send(self.reload().await)),
            Command::Close(done) => {
                self.stop(State::Stopped).await;
                self.commands.close();
                // A command that came too late learns that it is over: nothing is loaded again.
                while self.commands.try_recv().is_ok() {}
                while self.retiring.join_next().await.is_some() {}
                drop(done.send(Ok(())));
            }
        }
    }

    /// Does what the plugin's files say by now, and stops a plugin that has none.
    async fn recheck(&mut self, recheck: Recheck) {
        let Some(installation) = self.plugin.installation() else {
            return self.stop(State::Stopped).await;
        };
        match &self.current {
            _ if recheck == Recheck::Presence => {}
            Some(_) => self.update(installation).await,
            None if installation.pconf.lazy_load() => self.probe(&installation).await,
            None => {
                if let Err(error) = self.load().await {
                    self.reject(&error);
                }
            }
        }
    }

    /// Sees whether a plugin that starts itself is there; if not, its file is rejected.
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

    async fn load(&mut self) -> Result<()> {
        if self.current.is_some() {
            return Ok(());
        }
        let instance = self.start().await?;
        self.restarts.forget();
        self.put_in_service(instance, Change::Loaded);
        Ok(())
    }

    /// Starts an instance and activates it, and has its callbacks in place.
    async fn start(&self) -> Result<OwnedInstance> {
        let launched = self.launch().await?;
        self.settle_callbacks(launched).await
    }

    /// Starts an instance and activates it.
    async fn launch(&self) -> Result<Launched> {
        let (plugin, policy) = (&self.plugin, self.plugin.policy());
        if plugin.is_closing() {
            return Err(Error::Stopped);
        }
        // The registry may go while its plugin starts: no hold on it meanwhile.
        let (installation, sockets) = {
            let reporter = self.reporter.upgrade().ok_or(Error::Stopped)?;
            let installation = plugin.installation().ok_or_else(|| Error::NotFound {
                id: plugin.id().clone(),
                folder: reporter.folder(),
            })?;
            (installation, reporter.sockets())
        };
        if let Some(sandbox) = &policy.sandbox
            && let Some(gap) = unsupported(sandbox, &installation)?
        {
            self.report(Change::Unconfined(gap.into()));
        }
        let deadline = Instant::now() + policy.start_timeout;
        let digests = &self.digests;
        let launch = Launch { installation, policy, sockets: &sockets, digests, deadline };
        let instance = launch.run(plugin.closing()).await?;
        Ok(Launched { instance, deadline })
    }

    /// Registers the callbacks with a new instance: calls that it gets may count on them. An
    /// instance that does not take them in time serves all the same, and is asked again.
    async fn settle_callbacks(&self, launched: Launched) -> Result<OwnedInstance> {
        let Launched { mut instance, deadline } = launched;
        let plugin = &self.plugin;
        let generation = plugin.callbacks().begin_generation();
        let task = self.receive_callbacks(Arc::clone(&instance.shared), generation);
        instance.receive_callbacks(generation, task);
        tokio::select! {
            _ = timeout_at(deadline, plugin.callbacks().wait_until_all_confirmed()) => {}
            () = plugin.closing() => {}
            exit = instance.wait() => return Err(start_error(plugin.id(), exit)),
        }
        Ok(instance)
    }

    /// Lets this instance take the calls from now on.
    fn put_in_service(&mut self, instance: OwnedInstance, change: Change) {
        self.restart_at = None;
        self.plugin.begin_service(Arc::clone(&instance.shared));
        if let Some(reporter) = self.reporter.upgrade() {
            reporter.accept(&instance.installation);
            reporter.report(self.plugin.id(), change);
        }
        self.current = Some(instance);
    }

    fn receive_callbacks(&self, instance: Arc<Instance>, generation: u64) -> OwnedTask {
        let callbacks = Arc::clone(self.plugin.callbacks());
        let (plugin, reporter) = (self.plugin.id().clone(), Weak::clone(&self.reporter));
        OwnedTask::spawn(callbacks::serve(instance, callbacks, generation, move |count| {
            if let Some(reporter) = reporter.upgrade() {
                reporter.report(&plugin, Change::CallbacksMissed(count));
            }
        }))
    }

    /// Stops the plugin in good order, if it runs.
    async fn stop(&mut self, state: State) {
        self.restart_at = None;
        self.plugin.end_service(state, Availability::None);
        self.stop_current().await;
    }

    /// Stops a plugin that nobody has called for a while; the next call starts it.
    async fn stop_idle(&mut self) {
        if self.plugin.end_service_if_idle() {
            self.stop_current().await;
        }
    }

    async fn stop_current(&mut self) {
        if let Some(instance) = self.current.take() {
            instance.stop(self.plugin.policy().stop_timeout).await;
            self.report(Change::Stopped);
        }
    }

    fn crashed(&mut self, exit: Exit) {
        let Some(instance) = self.current.take() else { return };
        let policy = &self.plugin.policy().restart;
        let now = std::time::Instant::now();
        let verdict = self.restarts.after_exit(policy, &exit, instance.uptime(), now);
        // First what is to be expected, then the events and the end of the calls: callers that
        // get those look for it.
        let given_up = self.apply(verdict);
        self.report(Change::Crashed(exit.clone()));
        if let Some(change) = given_up {
            self.report(change);
        }
        instance.shared.end(exit);
    }

    async fn restart(&mut self) {
        self.restart_at = None;
        match self.start().await {
            Ok(instance) => self.put_in_service(instance, Change::Restarted),
            Err(Error::Stopped | Error::NotFound { .. }) => {
                self.plugin.end_service(State::Stopped, Availability::None);
            }
            Err(error) => self.start_failed(&error),
        }
    }

    fn start_failed(&mut self, error: &Error) {
        let policy = &self.plugin.policy().restart;
        let now = std::time::Instant::now();
        let verdict = self.restarts.after_failed_start(policy, &error.to_string(), now);
        if let Some(change) = self.apply(verdict) {
            self.report(change);
        }
    }

    /// Does with a plugin that does not run what its restart policy says; the change is to be
    /// reported.
    fn apply(&mut self, verdict: Verdict) -> Option<Change> {
        let (availability, change) = match verdict {
            Verdict::Restart(wait) if self.plugin.installation().is_some() => {
                self.restart_at = Some(Instant::now() + wait);
                (Availability::Restart, None)
            }
            Verdict::Restart(_) | Verdict::Stay => (Availability::None, None),
            Verdict::GiveUp(reason) => {
                (Availability::GivenUp(reason.clone()), Some(Change::GivenUp(reason)))
            }
        };
        self.plugin.end_service(State::Stopped, availability);
        change
    }

    fn reject(&self, error: &Error) {
        let reason = match error {
            // That the registry stops is no fault of the file.
            Error::Stopped => return,
            Error::Rejected { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        if let (Some(reporter), Some(installation)) =
            (self.reporter.upgrade(), self.plugin.installation())
        {
            reporter.reject(&installation, reason);
        }
    }

    fn report(&self, change: Change) {
        if let Some(reporter) = self.reporter.upgrade() {
            reporter.report(self.plugin.id(), change);
        }
    }
}

/// An instance that is activated and has no callbacks yet.
struct Launched {
    instance: OwnedInstance,
    /// Until when its start may take.
    deadline: Instant,
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // The registry is gone: handles that remain have to know.
        if let Some(instance) = self.current.take() {
            instance.shared.end(Exit::because("its registry is gone"));
        }
        self.plugin.end_service(State::Stopped, Availability::None);
    }
}

/// Waits for the exit of the instance, if there is one. Cancel safe.
async fn exited(current: &mut Option<OwnedInstance>) -> Exit {
    match current {
        Some(instance) => instance.wait().await,
        None => std::future::pending().await,
    }
}

/// Waits until this time, if there is one. Cancel safe.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Waits until an instance has been idle for as long as its plugin may be. Cancel safe.
async fn idle(plugin: &PluginState, current: Option<Arc<Instance>>) {
    let (Some(instance), Some(limit)) = (current, plugin.policy().idle_stop) else {
        return std::future::pending().await;
    };
    loop {
        instance.idle(limit).await;
        if plugin.callbacks().is_empty() {
            return;
        }
        sleep(limit).await;
    }
}

#[cfg(test)]
mod tests;
