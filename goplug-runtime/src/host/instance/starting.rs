//! A process of a plugin between its start and its activation.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::activate::{ActivationError, Via, activate};
use super::attachment::Attachment;
use super::exit::EXIT_WAIT;
use super::liveness::Liveness;
use super::owned::OwnedInstance;
use super::process::Process;
use super::shared::{ChildProcess, Instance};
use crate::error::{Error, Result};
use crate::host::connection::Endpoint;
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::protocol::{Descriptor, Dialect};
use crate::transport::PassedListener;

/// A process that runs, and is not active yet. Dropping it kills the process, if this host started
/// it.
pub(in crate::host) struct StartingInstance {
    installation: Arc<Installation>,
    endpoint: Arc<Endpoint>,
    process: StartingProcess,
}

/// What is known of a process that is not active yet.
pub(super) enum StartingProcess {
    Child(Box<StartingChild>),
    /// Another process has started it. The host with this token is attached to it by the activation.
    Foreign {
        host: String,
    },
}

/// A process that is this host's child, and listens on a socket of the host.
pub(super) struct StartingChild {
    pub(super) process: Process,
    pub(super) listener: PassedListener,
    pub(super) is_sandboxed: bool,
}

impl StartingInstance {
    pub(super) fn new(
        installation: Arc<Installation>,
        endpoint: Endpoint,
        process: StartingProcess,
    ) -> Self {
        Self { installation, endpoint: Arc::new(endpoint), process }
    }

    pub(in crate::host) fn installation(&self) -> &Arc<Installation> {
        &self.installation
    }

    pub(in crate::host) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Does this work before the activation.
    ///
    /// # Errors
    /// [`Error::Start`] if the process ends meanwhile, [`Error::Stopped`] once `closing` resolves.
    /// The process has been ended then.
    pub(in crate::host) async fn prepare<T>(
        mut self,
        work: impl Future<Output = T>,
        closing: impl Future<Output = ()>,
    ) -> Result<(Self, T)> {
        let outcome = tokio::select! {
            biased;
            output = work => Ok(output),
            error = self.process.failed(&self.installation) => Err(error),
            () = closing => Err(Error::Stopped),
        };
        match (outcome, self.process) {
            (Ok(output), process) => Ok((Self { process, ..self }, output)),
            (Err(error), StartingProcess::Child(child)) => {
                Err(child.end(&self.installation, error).await)
            }
            (Err(error), StartingProcess::Foreign { .. }) => Err(error),
        }
    }

    /// Activates the process until the deadline, and ends it if that fails.
    ///
    /// # Errors
    /// [`Error::Start`] if the instance is not active by the deadline, [`Error::Rejected`] if nobody
    /// listens, [`Error::Stopped`] once `closing` resolves.
    pub(in crate::host) async fn activate(
        self,
        policy: &Policy,
        deadline: Instant,
        closing: impl Future<Output = ()>,
    ) -> Result<OwnedInstance> {
        let Self { installation, endpoint, process } = self;
        let (activated, child, liveness) = match process {
            StartingProcess::Child(mut child) => {
                let activating =
                    child.activate(&installation, policy, &endpoint, deadline, closing);
                match activating.await {
                    Err(error) => return Err(child.end(&installation, error).await),
                    Ok(activated) => {
                        let StartingChild { process, listener, .. } = *child;
                        let child = ChildProcess {
                            id: process.id(),
                            // Embedded plugins are not upgraded: a newer executable of the host is
                            // another host.
                            program: process
                                .program()
                                .filter(|_| !installation.is_embedded())
                                .cloned(),
                        };
                        (
                            activated,
                            Some(child),
                            Liveness::Child { process: Box::new(process), listener },
                        )
                    }
                }
            }
            StartingProcess::Foreign { host } => {
                let of = Arc::clone(&installation);
                let (attachment, activated) = tokio::select! {
                    attached = Attachment::new(of, policy, &endpoint, &host, deadline) => attached?,
                    () = closing => return Err(Error::Stopped),
                };
                (activated, None, Liveness::Foreign(Box::new(attachment)))
            }
        };
        let id = installation.id().clone();
        let instance = Instance::new(id, endpoint, activated, child, policy);
        Ok(OwnedInstance::new(instance, installation, liveness, policy.health))
    }
}

impl StartingProcess {
    /// Waits until it is clear that the process will not be active. Cancel safe.
    async fn failed(&mut self, installation: &Installation) -> Error {
        match self {
            Self::Child(child) => child.ended(installation).await,
            // The activation will find out.
            Self::Foreign { .. } => std::future::pending().await,
        }
    }
}

impl StartingChild {
    async fn activate(
        &mut self,
        installation: &Installation,
        policy: &Policy,
        endpoint: &Endpoint,
        deadline: Instant,
        closing: impl Future<Output = ()>,
    ) -> Result<(Dialect, Descriptor)> {
        let failure = tokio::select! {
            biased;
            activated = activate(installation, policy, endpoint, Via::Any, deadline) => {
                match activated {
                    Ok(activated) => return Ok(activated),
                    Err(failure) => failure,
                }
            }
            error = self.ended(installation) => return Err(error),
            () = closing => return Err(Error::Stopped),
        };
        match failure {
            // Most often the process has ended, and its exit is the better reason.
            ActivationError::Broken(error) if error.kind() != ErrorKind::InvalidData => {
                let broken = |_| ActivationError::Broken(error).into_error(installation.id());
                Err(timeout(EXIT_WAIT, self.ended(installation)).await.unwrap_or_else(broken))
            }
            failure => Err(failure.into_error(installation.id())),
        }
    }

    /// Waits for the exit of the process. Cancel safe.
    async fn ended(&mut self, installation: &Installation) -> Error {
        self.process.wait().await.into_start_error(installation.id(), self.is_sandboxed)
    }

    /// Ends a process that could not be activated, and adds to the error what is known of it.
    async fn end(self, installation: &Installation, error: Error) -> Error {
        let lacks_embed = installation.is_embedded() && !self.listener.is_taken();
        let exit = self.process.stop(Duration::ZERO).await;
        let Error::Start { id, mut reason, mut stderr } = error else { return error };
        if lacks_embed {
            reason += "; it did not begin to serve: main has to begin with `goplug::embed!`";
        }
        if stderr.is_empty() {
            stderr = exit.stderr;
        }
        Error::Start { id, reason, stderr }
    }
}
