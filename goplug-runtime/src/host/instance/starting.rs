//! A process of a plugin between its start and its activation.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::activate::{ActivationError, Via, activate};
use super::attachment::Attachment;
use super::described_by::DescribedBy;
use super::exit::EXIT_WAIT;
use super::failed_start::{StartCause, StartError};
use super::liveness::Liveness;
use super::owned::OwnedInstance;
use super::process::Process;
use super::remote_link::RemoteLink;
use super::shared::{ChildProcess, Instance};
use super::survivor::Survivor;
use crate::error::Error;
use crate::host::connection::{Endpoint, connect};
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::limits;
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
    /// It serves a network. The host has this token.
    Remote {
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

    /// Whether this host started the process.
    pub(in crate::host) fn is_child(&self) -> bool {
        matches!(self.process, StartingProcess::Child(_))
    }

    /// Does this work before the activation. `None` if it was cut off, because the plugin listens on a
    /// socket of its own from here on: nobody will answer on the connections from before.
    ///
    /// # Errors
    /// [`Error::Start`] if the process ends meanwhile, [`Error::Stopped`] once `closing` resolves.
    /// The process has been ended then.
    pub(in crate::host) async fn prepare<T>(
        mut self,
        work: impl Future<Output = T>,
        closing: impl Future<Output = ()>,
    ) -> Result<(Self, Option<T>), StartError> {
        let outcome = tokio::select! {
            biased;
            output = work => Ok(Some(output)),
            change = self.process.changed(&self.installation) => match change {
                Change::OwnSocket => Ok(None),
                Change::Ended(error) => Err(error),
            },
            () = closing => Err(Error::Stopped.into()),
        };
        match (outcome, self.process) {
            (Ok(output), process) => Ok((Self { process, ..self }, output)),
            (Err(error), StartingProcess::Child(child)) => {
                Err(child.end(&self.installation, error).await)
            }
            (Err(error), StartingProcess::Foreign { .. } | StartingProcess::Remote { .. }) => {
                Err(error)
            }
        }
    }

    /// Activates the process until the deadline, and ends it if that fails. Also returns whether the
    /// plugin listens on another socket than it did before, as [`StartingInstance::prepare`] says.
    ///
    /// # Errors
    /// [`Error::Start`] if the instance is not active by the deadline, [`Error::Rejected`] if nobody
    /// listens, [`Error::Stopped`] once `closing` resolves.
    pub(in crate::host) async fn activate(
        self,
        policy: &Policy,
        deadline: Instant,
        closing: impl Future<Output = ()>,
    ) -> Result<(OwnedInstance, bool), StartError> {
        let Self { installation, endpoint, process } = self;
        let mut has_moved = false;
        let (activated, child, liveness) = match process {
            StartingProcess::Child(mut child) => {
                let activating =
                    child.activate(&installation, policy, &endpoint, deadline, closing);
                match activating.await {
                    Err(error) => return Err(child.end(&installation, error).await),
                    Ok((activated, moved)) => {
                        has_moved = moved;
                        let StartingChild { process, listener, .. } = *child;
                        // Embedded plugins are not upgraded: a newer executable of the host is another
                        // host.
                        let program =
                            process.program().filter(|_| !installation.is_embedded()).cloned();
                        let child = ChildProcess { id: process.id(), program };
                        (
                            activated,
                            Some(child),
                            Liveness::Child { process: Box::new(process), listener },
                        )
                    }
                }
            }
            StartingProcess::Foreign { host } => {
                let attaching = attach(&installation, policy, &endpoint, &host, deadline, closing);
                let (attachment, activated) = attaching.await?;
                (activated, None, Liveness::Foreign(Box::new(attachment)))
            }
            StartingProcess::Remote { host } => {
                let linking = link(&installation, policy, &endpoint, &host, deadline, closing);
                let (link, described) = linking.await?;
                (described, None, Liveness::Remote(Box::new(link)))
            }
        };
        let id = installation.id().clone();
        let described_by = DescribedBy::of(&installation, activated.0, liveness.has_described());
        let instance = Instance::new(id, endpoint, activated, described_by, child, policy);
        Ok((OwnedInstance::new(instance, installation, liveness, policy.health), has_moved))
    }
}

/// What a plugin offers, and in which dialect.
type Activated = (Dialect, Descriptor);

/// Attaches this host to a plugin that another process has started.
async fn attach(
    installation: &Arc<Installation>,
    policy: &Policy,
    endpoint: &Endpoint,
    host: &str,
    deadline: Instant,
    closing: impl Future<Output = ()>,
) -> Result<(Attachment, Activated), StartError> {
    let installation = Arc::clone(installation);
    tokio::select! {
        attached = Attachment::new(installation, policy, endpoint, host, deadline) => attached,
        () = closing => Err(Error::Stopped.into()),
    }
}

/// Asks a plugin that serves a network what it offers.
async fn link(
    installation: &Arc<Installation>,
    policy: &Policy,
    endpoint: &Endpoint,
    host: &str,
    deadline: Instant,
    closing: impl Future<Output = ()>,
) -> Result<(RemoteLink, Activated), StartError> {
    let installation = Arc::clone(installation);
    tokio::select! {
        linked = RemoteLink::new(installation, policy, endpoint, host, deadline) => linked,
        () = closing => Err(Error::Stopped.into()),
    }
}

/// What happens to a process that is not active yet.
enum Change {
    /// It listens on a socket of its own, in place of the one that it was given.
    OwnSocket,
    /// It has ended.
    Ended(StartError),
}

impl StartingProcess {
    /// Waits until something happens to the process. Cancel safe.
    async fn changed(&mut self, installation: &Installation) -> Change {
        match self {
            Self::Child(child) => child.changed(installation).await,
            // The activation will find out.
            Self::Foreign { .. } | Self::Remote { .. } => std::future::pending().await,
        }
    }
}

impl StartingChild {
    /// Activates the process. Also returns whether it listens on another socket than before.
    async fn activate(
        &mut self,
        installation: &Installation,
        policy: &Policy,
        endpoint: &Endpoint,
        deadline: Instant,
        closing: impl Future<Output = ()>,
    ) -> Result<((Dialect, Descriptor), bool), StartError> {
        let mut closing = pin!(closing);
        let mut has_moved = false;
        let failure = loop {
            tokio::select! {
                biased;
                activated = activate(installation, policy, endpoint, Via::Any, deadline) => {
                    match activated {
                        Ok(activated) => {
                            self.check_compared(installation).await?;
                            return Ok((activated, has_moved));
                        }
                        Err(failure) => break failure,
                    }
                }
                change = self.changed(installation) => match change {
                    Change::OwnSocket => has_moved = true,
                    Change::Ended(error) => return Err(error),
                },
                () = closing.as_mut() => return Err(Error::Stopped.into()),
            }
        };
        match failure {
            // Most often the process has ended, and its exit is the better reason.
            ActivationError::Broken(error) if error.kind() != ErrorKind::InvalidData => {
                let broken = |_| ActivationError::Broken(error).into_error(installation.id(), None);
                Err(timeout(EXIT_WAIT, self.ended(installation)).await.unwrap_or_else(broken))
            }
            failure => Err(failure.into_error(installation.id(), Some(self.process.id()))),
        }
    }

    /// # Errors
    /// [`Error::Rejected`] if a file that has a digest was exchanged meanwhile.
    async fn check_compared(&self, installation: &Installation) -> Result<(), StartError> {
        let rejected = |reason| StartCause::Digest.with(installation.rejected(reason));
        self.process.check_compared().await.map_err(rejected)
    }

    /// Waits until the process has ended, or listens on a socket of its own. Cancel safe.
    async fn changed(&mut self, installation: &Installation) -> Change {
        let Self { process, listener, is_sandboxed } = self;
        tokio::select! {
            biased;
            exit = process.wait() => {
                Change::Ended(exit.into_start_error(installation.id(), *is_sandboxed))
            }
            () = listens_itself(listener) => Change::OwnSocket,
        }
    }

    /// Waits for the exit of the process. Cancel safe.
    async fn ended(&mut self, installation: &Installation) -> StartError {
        self.process.wait().await.into_start_error(installation.id(), self.is_sandboxed)
    }

    /// Ends a process that is not activated, and adds to the error what is known of it.
    pub(super) async fn end(self, installation: &Installation, error: StartError) -> StartError {
        let lacks_embed = installation.is_embedded() && !self.listener.is_taken();
        let (stderr_tail, left) = match self.process.stop(Duration::ZERO).await {
            Ok(exit) => (exit.stderr, None),
            Err(unended) => (Vec::new(), Some(Survivor::from(unended))),
        };
        error.map(|error| {
            let Error::Start { id, mut reason, mut stderr } = error else { return error };
            if lacks_embed {
                reason += "; it did not begin to serve: main has to begin with `goplug::embed!`";
            }
            if let Some(survivor) = &left {
                reason = format!("{reason}; and it was not ended: {}", survivor.reason());
            }
            if stderr.is_empty() {
                stderr = stderr_tail;
            }
            Error::Start { id, reason, stderr }
        })
    }
}

/// Waits until the process listens on a socket of its own at the path of the one that it was given.
/// Ready once. Cancel safe.
async fn listens_itself(listener: &mut PassedListener) {
    loop {
        sleep(limits::OWN_SOCKET_POLL).await;
        if !listener.is_replaced() {
            continue;
        }
        // It may have bound the socket, and not listen yet.
        let connected = connect(listener.path(), limits::OWN_SOCKET_POLL).await;
        if connected.is_ok() && listener.adopt_file().is_ok() {
            return;
        }
    }
}
