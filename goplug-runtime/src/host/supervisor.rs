//! The owner of one plugin's runs: it alone starts, watches and stops the process.
//!
//! It is a task with a bounded queue of commands, so that a load and an unload that
//! come at once have an order, and a process that dies is noticed by its exit and not
//! by the next call that fails.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::callbacks;
use super::core::{Command, Core, State};
use super::directory::Directory;
use super::event::Event;
use super::launch::{self, Launched, Life};
use super::service::{Ending, Service};
use super::task::OwnedTask;
use crate::error::{Error, Result};
use crate::protocol::wire;

/// Supervises one plugin until its registry is gone.
pub(super) struct Supervisor {
    core: Arc<Core>,
    directory: Weak<Directory>,
    commands: mpsc::Receiver<Command>,
    running: Option<Running>,
}

/// A run of the plugin, and what belongs to it.
struct Running {
    service: Arc<Service>,
    life: Life,
    _callbacks: OwnedTask,
}

impl Supervisor {
    pub(super) fn new(
        core: Arc<Core>,
        directory: Weak<Directory>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self { core, directory, commands, running: None }
    }

    /// Carries out commands and watches the process, until no command can come.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => return self.stop(State::Stopped).await,
                },
                ending = ended(&mut self.running) => self.crashed(ending),
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        // An answer that nobody waits for any more is dropped: the work is done.
        match command {
            Command::Load(done) => drop(done.send(self.load().await)),
            Command::Unload(done) => {
                self.stop(State::Discovered).await;
                drop(done.send(Ok(())));
            }
            Command::Reload(done) => {
                self.stop(State::Discovered).await;
                drop(done.send(self.load().await));
            }
            Command::AutoLoad => {
                if let Err(error) = self.load().await {
                    self.reject(&error);
                }
            }
            Command::Examine => self.examine().await,
            Command::Retire => {
                // The file may have come back meanwhile.
                if self.core.installed().is_none() {
                    self.stop(State::Stopped).await;
                }
            }
            Command::Close(done) => {
                self.stop(State::Stopped).await;
                self.commands.close();
                // Whoever came too late learns that it is over: nothing is loaded again.
                while self.commands.try_recv().is_ok() {}
                drop(done.send(Ok(())));
            }
        }
    }

    async fn examine(&self) {
        let Some(installed) = self.core.installed().filter(|_| self.running.is_none()) else {
            return;
        };
        if let Err(error) = launch::examine(&installed).await {
            self.reject(&error);
        }
    }

    async fn load(&mut self) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let policy = self.core.policy();
        // The registry may go while its plugin starts: no hold on it meanwhile.
        let (installed, sockets) = {
            let directory = self.directory.upgrade().ok_or(Error::Stopped)?;
            let installed = self.core.installed().ok_or_else(|| Error::NotFound {
                id: self.core.id().clone(),
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
        let Launched { service, life } = launch::launch(&installed, policy, &sockets).await?;
        let service = Arc::new(service);
        self.core.callbacks().begin_run();
        let callbacks = self.receive_callbacks(Arc::clone(&service));
        // Whoever calls it next may count on its callbacks. One that it does not take is
        // tried again, and is no reason not to serve.
        drop(tokio::time::timeout(policy.start_timeout, self.core.callbacks().settled()).await);
        let directory = self.directory.upgrade().ok_or(Error::Stopped)?;
        self.core.serve(Arc::clone(&service));
        directory.forget(installed.path());
        directory.tell(&Event::Loaded { plugin: self.core.id().clone() });
        self.running = Some(Running { service, life, _callbacks: callbacks });
        Ok(())
    }

    fn receive_callbacks(&self, service: Arc<Service>) -> OwnedTask {
        let callbacks = Arc::clone(self.core.callbacks());
        let (plugin, directory) = (self.core.id().clone(), Weak::clone(&self.directory));
        OwnedTask::spawn(callbacks::serve(service, callbacks, move |count| {
            if let Some(directory) = directory.upgrade() {
                directory.tell(&Event::CallbacksMissed { plugin: plugin.clone(), count });
            }
        }))
    }

    /// Stops the plugin in good order: asks it, waits for it, forces it.
    async fn stop(&mut self, state: State) {
        let Some(Running { service, life, _callbacks }) = self.running.take() else {
            return self.core.rest(state);
        };
        self.core.rest(state);
        let grace = self.core.policy().grace;
        let request = service.endpoint().request(wire::STOP, bytes::Bytes::new());
        // End of file in place of an answer is success, and a refusal changes nothing.
        drop(tokio::time::timeout(grace, service.endpoint().send(request)).await);
        let ending = match life {
            Life::Child { process, listener } => {
                let ending = process.stop(grace).await;
                drop(listener);
                ending
            }
            Life::Foreign { .. } => Ending { status: "it was stopped".into(), stderr: Vec::new() },
        };
        service.end(ending);
        self.tell(&Event::Stopped { plugin: self.core.id().clone() });
    }

    fn crashed(&mut self, ending: Ending) {
        let Some(running) = self.running.take() else { return };
        self.core.rest(State::Stopped);
        running.service.end(ending.clone());
        self.tell(&Event::Crashed {
            plugin: self.core.id().clone(),
            status: ending.status,
            stderr: ending.stderr,
        });
    }

    fn reject(&self, error: &Error) {
        let reason = match error {
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
        if let Some(running) = self.running.take() {
            let status = "its registry is gone".into();
            running.service.end(Ending { status, stderr: Vec::new() });
        }
        self.core.rest(State::Stopped);
    }
}

/// Waits for the end of the run, if there is one. Cancel safe.
async fn ended(running: &mut Option<Running>) -> Ending {
    match running {
        Some(Running { service, life, .. }) => life.ended(service).await,
        None => std::future::pending().await,
    }
}
