//! From an installation to a process: bind, spawn. `starting` activates it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::exit::Exit;
use super::failed_start::{StartCause, StartError};
use super::identity;
use super::process::Process;
use super::remote_endpoint;
use super::sockets::Sockets;
use super::starting::{StartingChild, StartingInstance, StartingProcess};
use crate::error::{Error, Result};
use crate::host::connection::{Endpoint, LocalEndpoint, connect};
use crate::host::disk;
use crate::host::install::{Command, DigestCache, Installation};
use crate::host::policy::Policy;
use crate::limits;
use crate::protocol::PluginId;
use crate::transport::{Debuggee, PassedListener, RefusedAccesses, bind_advice};

/// How long a stop waits for a process that is just beginning. A program on a disk that does not answer
/// must not hold the stop up for longer.
const BEGINNING_WAIT: Duration = Duration::from_millis(250);

/// A plugin that is to be started.
pub(in crate::host) struct Launch<'a> {
    pub(in crate::host) installation: Arc<Installation>,
    pub(in crate::host) policy: &'a Policy,
    pub(in crate::host) sockets: &'a Sockets,
    pub(in crate::host) digests: &'a DigestCache,
    /// Gets what the plugin's sandbox refuses, if that tells.
    pub(in crate::host) refused: &'a Arc<RefusedAccesses>,
    /// The token of this host.
    pub(in crate::host) host: &'a str,
    /// Until when the instance has to be active.
    pub(in crate::host) deadline: Instant,
}

impl Launch<'_> {
    /// Starts the plugin's process, unless another process starts it. Dropping the future kills the
    /// process.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the installation cannot be used, [`Error::Start`] if the process does
    /// not run by the deadline, [`Error::Stopped`] once `closing` resolves.
    pub(in crate::host) async fn start(
        self,
        closing: impl Future<Output = ()>,
    ) -> Result<StartingInstance, StartError> {
        let (endpoint, process) = {
            let mut starting = pin!(self.start_process());
            tokio::select! {
                started = starting.as_mut() => started?,
                () = closing => {
                    // A process that is just beginning is ended before the stop returns.
                    let started = timeout(BEGINNING_WAIT, starting).await;
                    if let Ok(Ok((_, StartingProcess::Child(child)))) = started {
                        child.end(&self.installation, Error::Stopped.into()).await;
                    }
                    return Err(Error::Stopped.into());
                }
            }
        };
        Ok(StartingInstance::new(self.installation, endpoint, process))
    }

    async fn start_process(&self) -> Result<(Endpoint, StartingProcess), StartError> {
        let Some(command) = self.installation.command() else {
            let host = self.host.into();
            if let Some(url) = self.installation.remote() {
                let endpoint = remote_endpoint::endpoint(&self.installation, self.policy, url);
                return Ok((endpoint.await?, StartingProcess::Remote { host }));
            }
            let endpoint = Endpoint::Local(self.endpoint(self.installation.socket()?));
            return Ok((endpoint, StartingProcess::Foreign { host }));
        };
        self.check_program().await?;
        let (process, listener) = self.spawn(command).await?;
        let endpoint = self.endpoint(listener.path().into());
        let endpoint = Endpoint::Local(endpoint.of(Debuggee::new(Some(process.id()))));
        let is_sandboxed = self.policy.sandbox.is_some();
        let child = StartingChild { process, listener, is_sandboxed };
        Ok((endpoint, StartingProcess::Child(Box::new(child))))
    }

    /// Checks where links lead the program to, on another thread: it may be on a dead mount.
    async fn check_program(&self) -> Result<(), StartError> {
        if !self.installation.has_relative_program() {
            return Ok(());
        }
        let installation = Arc::clone(&self.installation);
        let checking = timeout_at(self.deadline, disk::run(move || installation.check_program()));
        let checked = checking.await.map_err(|_| self.late())?;
        let unchecked = |error: std::io::Error| {
            let reason = format!("its program could not be looked at: {error}");
            StartCause::of(&error).with(self.failed(reason))
        };
        Ok(checked.map_err(unchecked)??)
    }

    /// Binds a socket, and starts a process that listens on it.
    async fn spawn(&self, command: Command) -> Result<(Process, PassedListener), StartError> {
        let failed = |reason| self.failed(reason);
        identity::check_plugin(self.installation.id()).map_err(failed)?;
        let unbound = |error: std::io::Error| {
            StartCause::of(&error)
                .with(failed(format!("no socket could be bound for it: {error}{}", bind_advice())))
        };
        let socket = self.sockets.next().map_err(unbound)?;
        let listener = PassedListener::bind(&socket).map_err(unbound)?;
        let starting = Process::start(
            &self.installation,
            command,
            &listener,
            self.policy,
            self.digests,
            self.refused,
        );
        let process = timeout_at(self.deadline, starting).await.map_err(|_| self.late())??;
        Ok((process, listener))
    }

    fn endpoint(&self, socket: std::path::PathBuf) -> LocalEndpoint {
        let Policy { body_limit, busy_poll, max_connections, .. } = *self.policy;
        let url = self.installation.pconf.url();
        LocalEndpoint::new(socket, url, body_limit, busy_poll, max_connections)
    }

    fn late(&self) -> Error {
        let timeout = self.policy.start_timeout;
        self.failed(format!("its program did not run within {timeout:?}"))
    }

    fn failed(&self, reason: String) -> Error {
        Error::Start { id: self.installation.id().clone(), reason, stderr: Vec::new() }
    }
}

/// Checks that a plugin that another process starts listens on its socket. There is nothing to
/// check for a plugin that the host starts; one that serves a network is asked by its load.
///
/// # Errors
/// [`Error::Rejected`] if the plugin does not listen.
pub(in crate::host) async fn probe(installation: &Installation) -> Result<()> {
    if installation.command().is_some() || installation.remote().is_some() {
        return Ok(());
    }
    let socket = installation.socket()?;
    match connect(&socket, limits::CONNECT_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(error) => Err(installation.unreachable(&error)),
    }
}

/// The error of a plugin that ended before it was active.
pub(in crate::host) fn start_error(id: &PluginId, exit: Exit) -> StartError {
    exit.into_start_error(id, false)
}
