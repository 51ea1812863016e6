//! The owner of one plugin's runs: it alone starts, watches, replaces and stops the process.
//!
//! It is a task with a bounded queue of commands, so that a load and an unload that
//! come at once have an order, and a process that dies is noticed by its exit and not
//! by the next call that fails.

use std::pin::pin;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::callbacks;
use super::core::{Command, Core, Prospect, State};
use super::digest::KnownDigest;
use super::directory::Directory;
use super::event::Event;
use super::installed::Installed;
use super::launch::{self, Launched};
use super::restart::{Restarts, Verdict};
use super::run::Run;
use super::service::{Ending, Service};
use super::task::OwnedTask;
use crate::error::{Error, Result};
use crate::transport::FileId;

/// Supervises one plugin until its registry is gone.
pub(super) struct Supervisor {
    core: Arc<Core>,
    directory: Weak<Directory>,
    commands: mpsc::Receiver<Command>,
    running: Option<Run>,
    restarts: Restarts,
    /// When the plugin is started again.
    restart_at: Option<Instant>,
    /// What could not take the place of the run, which is not tried again.
    refused: Option<(Arc<Installed>, Option<FileId>)>,
    digest: KnownDigest,
    /// Runs that have been replaced and finish their calls.
    retiring: JoinSet<()>,
}

impl Supervisor {
    pub(super) fn new(
        core: Arc<Core>,
        directory: Weak<Directory>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self {
            core,
            directory,
            commands,
            running: None,
            restarts: Restarts::default(),
            restart_at: None,
            refused: None,
            digest: KnownDigest::default(),
            retiring: JoinSet::new(),
        }
    }

    /// Carries out commands and watches the process, until no command can come.
    pub(super) async fn run(mut self) {
        loop {
            let core = Arc::clone(&self.core);
            let owned = self.running.as_ref().filter(|run| run.can_be_replaced());
            let current = owned.map(|run| Arc::clone(&run.service));
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => return self.stop(State::Stopped).await,
                },
                ending = ended(&mut self.running) => self.crashed(ending),
                follow = core.attention() => self.look(follow).await,
                () = at(self.restart_at) => self.restart().await,
                () = idle(&core, current) => self.stop_idle().await,
                Some(_) = self.retiring.join_next() => {}
            }
        }
    }

    async fn obey(&mut self, command: Command) {
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
                // Whoever came too late learns that it is over: nothing is loaded again.
                while self.commands.try_recv().is_ok() {}
                while self.retiring.join_next().await.is_some() {}
                drop(done.send(Ok(())));
            }
        }
    }

    /// Follows what the plugin's files say, or stops a plugin that has none.
    async fn look(&mut self, follow: bool) {
        let Some(installed) = self.core.installed() else { return self.stop(State::Stopped).await };
        match &self.running {
            _ if !follow => {}
            Some(_) => self.update(installed).await,
            None if installed.pconf.lazy_load() => self.examine(&installed).await,
            None => {
                if let Err(error) = self.load().await {
                    self.reject(&error);
                }
            }
        }
    }

    /// Sees whether a plugin that starts itself is there; if not, its file is rejected.
    async fn examine(&self, installed: &Installed) {
        tokio::select! {
            examined = launch::examine(installed) => {
                if let Err(error) = examined {
                    self.reject(&error);
                }
            }
            () = self.core.closing() => {}
        }
    }

    async fn load(&mut self) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let run = self.start(false).await?;
        self.restarts.forget();
        self.enter(run, Event::Loaded { plugin: self.core.id().clone() });
        Ok(())
    }

    /// Starts a process of the plugin and activates it. One that replaces another also has
    /// to offer what the clients of that one need.
    async fn start(&self, replaces: bool) -> Result<Run> {
        let (core, policy) = (&self.core, self.core.policy());
        if core.is_closing() {
            return Err(Error::Stopped);
        }
        // The registry may go while its plugin starts: no hold on it meanwhile.
        let (installed, sockets) = {
            let directory = self.directory.upgrade().ok_or(Error::Stopped)?;
            let installed = core.installed().ok_or_else(|| Error::NotFound {
                id: core.id().clone(),
                folder: directory.settings().folder.clone(),
            })?;
            (installed, Arc::clone(directory.sockets()))
        };
        if let Some(sandbox) = &policy.sandbox
            && let Some(gap) = sandbox.gap(&installed)?
        {
            let plugin = self.core.id().clone();
            self.tell(&Event::Unconfined { plugin, reason: gap.into() });
        }
        let deadline = Instant::now() + policy.start_timeout;
        let launched = launch::launch(&installed, policy, &sockets, &self.digest, core.closing());
        let Launched { service, life } = launched.await?;
        let mut run = Run::new(Arc::new(service), installed, life, policy.health);
        if replaces && let Err(error) = core.check(run.service.descriptor()) {
            run.stop(policy.grace).await;
            return Err(error);
        }
        let number = core.callbacks().begin_run();
        run.receive_callbacks(number, self.receive_callbacks(Arc::clone(&run.service), number));
        // Whoever calls it next may count on its callbacks. One that it does not take is
        // tried again, and is no reason not to serve.
        tokio::select! {
            _ = timeout_at(deadline, core.callbacks().settled()) => {}
            () = core.closing() => {}
            ending = run.ended() => return Err(launch::start_error(core.id(), ending)),
        }
        Ok(run)
    }

    /// Has this run take the calls from now on.
    fn enter(&mut self, run: Run, event: Event) {
        self.restart_at = None;
        self.core.serve(Arc::clone(&run.service));
        if let Some(directory) = self.directory.upgrade() {
            directory.forget(run.installed.path());
            directory.tell(&event);
        }
        self.running = Some(run);
    }

    fn receive_callbacks(&self, service: Arc<Service>, run: u64) -> OwnedTask {
        let callbacks = Arc::clone(self.core.callbacks());
        let (plugin, directory) = (self.core.id().clone(), Weak::clone(&self.directory));
        OwnedTask::spawn(callbacks::serve(service, callbacks, run, move |count| {
            if let Some(directory) = directory.upgrade() {
                directory.tell(&Event::CallbacksMissed { plugin: plugin.clone(), count });
            }
        }))
    }

    async fn reload(&mut self) -> Result<()> {
        match &self.running {
            None => self.load().await,
            Some(run) if run.can_be_replaced() => self.replace().await,
            Some(_) => {
                self.stop(State::Discovered).await;
                self.load().await
            }
        }
    }

    /// Follows a change of the files of a plugin that runs.
    async fn update(&mut self, installed: Arc<Installed>) {
        let Some(run) = self.running.as_ref().filter(|run| run.can_be_replaced()) else { return };
        let (service, same_file) =
            (Arc::clone(&run.service), Arc::ptr_eq(&run.installed, &installed));
        let newer = spawn_blocking(move || service.newer_program()).await.ok().flatten();
        let found = (installed, newer);
        let was_refused = self
            .refused
            .as_ref()
            .is_some_and(|refused| Arc::ptr_eq(&refused.0, &found.0) && refused.1 == found.1);
        if was_refused || (same_file && found.1.is_none()) {
            return;
        }
        if let Err(error) = self.replace().await {
            let reason = error.to_string();
            self.refused = Some(found);
            self.tell(&Event::UpgradeFailed { plugin: self.core.id().clone(), reason });
        }
    }

    /// Starts a new process beside the old one and puts it in its place. The old one
    /// finishes the calls that it has; if the new one is no good, it stays.
    async fn replace(&mut self) -> Result<()> {
        let Some(mut old) = self.running.take() else { return self.load().await };
        let (started, died) = {
            let mut starting = pin!(self.start(true));
            tokio::select! {
                started = starting.as_mut() => (started, None),
                ending = old.ended() => {
                    // A start is on its way: the calls wait for that.
                    self.core.rest(State::Stopped, Prospect::Restart);
                    self.tell_crash(&ending);
                    old.service.end(ending.clone());
                    (starting.await, Some(ending))
                }
            }
        };
        match (started, died) {
            (Ok(run), died) => {
                self.restarts.forget();
                self.enter(run, Event::Upgraded { plugin: self.core.id().clone() });
                if died.is_none() {
                    self.retiring.spawn(old.retire(Arc::clone(&self.core)));
                }
                Ok(())
            }
            (Err(error), None) => {
                if let Some(number) = old.callbacks_number() {
                    self.core.callbacks().resume_run(number);
                }
                self.running = Some(old);
                Err(error)
            }
            (Err(error), Some(_)) => {
                self.start_failed(&error);
                Err(error)
            }
        }
    }

    /// Stops the plugin in good order, if it runs.
    async fn stop(&mut self, state: State) {
        self.restart_at = None;
        self.core.rest(state, Prospect::None);
        self.stop_run().await;
    }

    /// Stops a plugin that nobody has called for a while; the next call starts it.
    async fn stop_idle(&mut self) {
        if self.core.rest_if_idle() {
            self.stop_run().await;
        }
    }

    async fn stop_run(&mut self) {
        if let Some(run) = self.running.take() {
            run.stop(self.core.policy().grace).await;
            self.tell(&Event::Stopped { plugin: self.core.id().clone() });
        }
    }

    fn crashed(&mut self, ending: Ending) {
        let Some(run) = self.running.take() else { return };
        let policy = &self.core.policy().restart;
        let now = std::time::Instant::now();
        let verdict = self.restarts.after_run(policy, &ending, run.lasted(), now);
        // First what is to be expected, then the events and the end of the calls: whoever
        // gets those looks for it.
        let given_up = self.follow(verdict);
        self.tell_crash(&ending);
        given_up.inspect(|event| self.tell(event));
        run.service.end(ending);
    }

    fn tell_crash(&self, ending: &Ending) {
        let (status, stderr) = (ending.status.clone(), ending.stderr.clone());
        self.tell(&Event::Crashed { plugin: self.core.id().clone(), status, stderr });
    }

    async fn restart(&mut self) {
        self.restart_at = None;
        match self.start(false).await {
            Ok(run) => self.enter(run, Event::Restarted { plugin: self.core.id().clone() }),
            Err(Error::Stopped | Error::NotFound { .. }) => {
                self.core.rest(State::Stopped, Prospect::None);
            }
            Err(error) => self.start_failed(&error),
        }
    }

    fn start_failed(&mut self, error: &Error) {
        let policy = &self.core.policy().restart;
        let now = std::time::Instant::now();
        let verdict = self.restarts.after_failed_start(policy, &error.to_string(), now);
        self.follow(verdict).inspect(|event| self.tell(event));
    }

    /// Does with a plugin that does not run what its restart policy says; answers with
    /// the event that this is.
    fn follow(&mut self, verdict: Verdict) -> Option<Event> {
        match verdict {
            Verdict::Again(wait) if self.core.installed().is_some() => {
                self.restart_at = Some(Instant::now() + wait);
                self.core.rest(State::Stopped, Prospect::Restart);
                None
            }
            Verdict::Again(_) | Verdict::Rest => {
                self.core.rest(State::Stopped, Prospect::None);
                None
            }
            Verdict::GiveUp(reason) => {
                self.core.rest(State::Stopped, Prospect::GivenUp(reason.clone()));
                Some(Event::GivenUp { plugin: self.core.id().clone(), reason })
            }
        }
    }

    fn reject(&self, error: &Error) {
        let reason = match error {
            // That the registry stops is no fault of the file.
            Error::Stopped => return,
            Error::Rejected { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        if let (Some(directory), Some(installed)) =
            (self.directory.upgrade(), self.core.installed())
        {
            directory.reject(installed.path(), reason);
        }
    }

    fn tell(&self, event: &Event) {
        if let Some(directory) = self.directory.upgrade() {
            directory.tell(event);
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // The registry is gone: handles that remain have to know.
        if let Some(run) = self.running.take() {
            run.service.end(Ending::because("its registry is gone"));
        }
        self.core.rest(State::Stopped, Prospect::None);
    }
}

/// Waits for the end of the run, if there is one. Cancel safe.
async fn ended(running: &mut Option<Run>) -> Ending {
    match running {
        Some(run) => run.ended().await,
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

/// Waits until a run has been idle for as long as its plugin may be. Cancel safe.
async fn idle(core: &Core, current: Option<Arc<Service>>) {
    let (Some(service), Some(limit)) = (current, core.policy().idle_stop) else {
        return std::future::pending().await;
    };
    loop {
        service.idle(limit).await;
        if core.callbacks().names().is_empty() {
            return;
        }
        sleep(limit).await;
    }
}
