//! From an installation to an active instance: bind, spawn, activate.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::activate::{ActivationError, Via, activate};
use super::attachment::Attachment;
use super::exit::{EXIT_WAIT, Exit};
use super::identity;
use super::liveness::Liveness;
use super::owned::OwnedInstance;
use super::process::Process;
use super::shared::{ChildProcess, Instance};
use super::sockets::Sockets;
use crate::error::{Error, Result};
use crate::host::connection::{Endpoint, connect};
use crate::host::install::{Command, DigestCache, Installation};
use crate::host::policy::Policy;
use crate::limits;
use crate::protocol::PluginId;
use crate::transport::PassedListener;

/// A plugin that is to be started.
pub(in crate::host) struct Launch<'a> {
    pub(in crate::host) installation: Arc<Installation>,
    pub(in crate::host) policy: &'a Policy,
    pub(in crate::host) sockets: &'a Sockets,
    pub(in crate::host) digests: &'a DigestCache,
    /// The token of this host.
    pub(in crate::host) host: &'a str,
    /// Until when the instance has to be active.
    pub(in crate::host) deadline: Instant,
}

impl Launch<'_> {
    /// Starts the plugin, unless another process starts it, and activates it. Dropping the future
    /// kills the process.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the installation cannot be used, [`Error::Start`] if the instance is
    /// not active by the deadline, [`Error::Stopped`] once `closing` resolves.
    pub(in crate::host) async fn start(
        self,
        closing: impl Future<Output = ()>,
    ) -> Result<OwnedInstance> {
        let mut closing = pin!(closing);
        let (instance, liveness) = match self.installation.command()? {
            Some(command) => {
                let (process, listener) = tokio::select! {
                    started = self.spawn(command) => started?,
                    () = closing.as_mut() => return Err(Error::Stopped),
                };
                self.activate_child(process, listener, closing).await?
            }
            None => tokio::select! {
                activated = self.activate_foreign() => activated?,
                () = closing => return Err(Error::Stopped),
            },
        };
        Ok(OwnedInstance::new(instance, self.installation, liveness, self.policy.health))
    }

    /// Binds a socket, and starts a process that listens on it.
    async fn spawn(&self, command: Command) -> Result<(Process, PassedListener)> {
        let failed = |reason| self.failed(reason);
        identity::check_plugin(self.installation.id()).map_err(failed)?;
        let unbound = |error| {
            failed(format!(
                "no socket could be bound for it: {error}; its folder is made in {}, and TMPDIR \
                 names another place, which has to be writable and short",
                std::env::temp_dir().display()
            ))
        };
        let listener = PassedListener::bind(&self.sockets.next().map_err(unbound)?)
            .map_err(|error| unbound(std::io::Error::other(error)))?;
        let starting =
            Process::start(&self.installation, command, &listener, self.policy, self.digests);
        let timeout = self.policy.start_timeout;
        let process = timeout_at(self.deadline, starting)
            .await
            .map_err(|_| failed(format!("its program did not run within {timeout:?}")))??;
        Ok((process, listener))
    }

    /// Activates the process that was started, and stops it if that fails.
    async fn activate_child(
        &self,
        mut process: Process,
        listener: PassedListener,
        closing: impl Future<Output = ()>,
    ) -> Result<(Instance, Liveness)> {
        let id = self.installation.id();
        let is_sandboxed = self.policy.sandbox.is_some();
        let endpoint = self.endpoint(listener.path().into());
        let activated = tokio::select! {
            biased;
            activated =
                activate(&self.installation, self.policy, &endpoint, Via::Any, self.deadline) =>
            {
                match activated {
                    // Most often the process has ended, and its exit is the better reason.
                    Err(ActivationError::Broken(error)) if error.kind() != ErrorKind::InvalidData => {
                        match timeout(EXIT_WAIT, process.wait()).await {
                            Ok(exit) => Err(exit.into_start_error(id, is_sandboxed)),
                            Err(_) => Err(ActivationError::Broken(error).into_error(id)),
                        }
                    }
                    activated => activated.map_err(|error| error.into_error(id)),
                }
            }
            exit = process.wait() => Err(exit.into_start_error(id, is_sandboxed)),
            () = closing => Err(Error::Stopped),
        };
        let activated = match activated.map_err(|error| self.hint(error, &listener)) {
            Ok(activated) => activated,
            Err(Error::Start { reason, stderr, .. }) if stderr.is_empty() => {
                let Exit { stderr, .. } = process.stop(Duration::ZERO).await;
                return Err(Error::Start { id: id.clone(), reason, stderr });
            }
            Err(error) => {
                process.stop(Duration::ZERO).await;
                return Err(error);
            }
        };
        let child = ChildProcess {
            id: process.id(),
            // Embedded plugins are not upgraded: a newer executable of the host is another host.
            program: process.program().filter(|_| !self.installation.is_embedded()).cloned(),
        };
        let instance = Instance::new(id.clone(), endpoint, activated, Some(child), self.policy);
        Ok((instance, Liveness::Child { process: Box::new(process), listener }))
    }

    /// Activates a plugin that another process starts.
    async fn activate_foreign(&self) -> Result<(Instance, Liveness)> {
        let installation = Arc::clone(&self.installation);
        let id = installation.id().clone();
        let endpoint = self.endpoint(installation.socket()?);
        let (attachment, activated) =
            Attachment::new(installation, self.policy, &endpoint, self.host, self.deadline).await?;
        let instance = Instance::new(id, endpoint, activated, None, self.policy);
        Ok((instance, Liveness::Foreign(Box::new(attachment))))
    }

    fn endpoint(&self, socket: std::path::PathBuf) -> Endpoint {
        let Policy { body_limit, busy_poll, .. } = *self.policy;
        Endpoint::new(socket, self.installation.pconf.url(), body_limit, busy_poll)
    }

    /// Adds to the error of an embedded plugin whose program has not begun to serve what it may lack.
    fn hint(&self, error: Error, listener: &PassedListener) -> Error {
        match error {
            Error::Start { id, mut reason, stderr }
                if self.installation.is_embedded() && !listener.is_taken() =>
            {
                reason += "; it did not begin to serve: main has to begin with `goplug::embed!`";
                Error::Start { id, reason, stderr }
            }
            other => other,
        }
    }

    fn failed(&self, reason: String) -> Error {
        Error::Start { id: self.installation.id().clone(), reason, stderr: Vec::new() }
    }
}

/// Checks that a plugin that another process starts listens on its socket. There is nothing to
/// check for a plugin that the host starts.
///
/// # Errors
/// [`Error::Rejected`] if the plugin does not listen.
pub(in crate::host) async fn probe(installation: &Installation) -> Result<()> {
    if installation.command()?.is_some() {
        return Ok(());
    }
    let socket = installation.socket()?;
    match connect(&socket, limits::CONNECT_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(error) => Err(installation.rejected(error.to_string())),
    }
}

/// The error of a plugin that ended before it was active.
pub(in crate::host) fn start_error(id: &PluginId, exit: Exit) -> Error {
    exit.into_start_error(id, false)
}
