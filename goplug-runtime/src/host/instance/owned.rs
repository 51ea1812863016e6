//! The side of an instance that its supervisor owns: the process, and the tasks that end with it.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout_at};

use super::exit::Exit;
use super::health;
use super::liveness::Liveness;
use super::shared::Instance;
use super::survivor::Survivor;
use crate::host::connection::Admission;
use crate::host::install::Installation;
use crate::host::policy::{HealthCheck, Policy};
use crate::host::task::OwnedTask;
use crate::http1::Request;
use crate::limits;
use crate::protocol::{Dialect, Permission, wire};

/// An instance, from its activation to the end of its process. Dropping it kills the process.
pub(in crate::host) struct OwnedInstance {
    pub(in crate::host) shared: Arc<Instance>,
    pub(in crate::host) installation: Arc<Installation>,
    /// What it asked for and was granted; `None` if its policy does not grant by asking.
    pub(in crate::host) granted: Option<Vec<Permission>>,
    liveness: Liveness,
    activated: Instant,
    health: Option<Health>,
    /// The generation under which the instance's callbacks are received, and the task for them.
    callbacks: Option<(u64, OwnedTask)>,
}

/// The state of the health checks of an instance.
enum Health {
    /// The task that checks the health; it returns the reason of a failure.
    Checking(JoinHandle<String>),
    /// The check failed for this reason, and the process was killed.
    Failed(String),
}

impl Drop for Health {
    fn drop(&mut self) {
        if let Self::Checking(task) = self {
            task.abort();
        }
    }
}

impl OwnedInstance {
    pub(super) fn new(
        instance: Instance,
        installation: Arc<Installation>,
        liveness: Liveness,
        check: Option<HealthCheck>,
    ) -> Self {
        let shared = Arc::new(instance);
        let health = check.map(|check| {
            let instance = Arc::clone(&shared);
            Health::Checking(tokio::spawn(async move {
                health::check_until_failure(&instance, check).await
            }))
        });
        let activated = Instant::now();
        Self { shared, installation, granted: None, liveness, activated, health, callbacks: None }
    }

    /// Keeps the task that receives the instance's callbacks until the instance is dropped.
    pub(in crate::host) fn receive_callbacks(&mut self, generation: u64, task: OwnedTask) {
        self.callbacks = Some((generation, task));
    }

    /// The generation under which the instance's callbacks are received; `None` if they are not.
    pub(in crate::host) fn callback_generation(&self) -> Option<u64> {
        self.callbacks.as_ref().map(|(generation, _)| *generation)
    }

    /// Leaves the socket to the process, which serves on it, and saves a descriptor.
    pub(in crate::host) fn hand_over_socket(&mut self) {
        if let Liveness::Child { listener, .. } = &mut self.liveness {
            listener.close();
        }
    }

    /// Whether another instance can replace this one: only if it is this host's child.
    pub(in crate::host) fn can_be_replaced(&self) -> bool {
        matches!(self.liveness, Liveness::Child { .. })
    }

    /// The time since its activation.
    pub(in crate::host) fn uptime(&self) -> Duration {
        self.activated.elapsed()
    }

    /// Waits until the instance has ended. An instance that fails its health check is killed here.
    /// Cancel safe.
    pub(in crate::host) async fn wait(&mut self) -> Exit {
        if let Some(health @ Health::Checking(_)) = &mut self.health {
            tokio::select! {
                exit = self.liveness.wait(&self.shared) => return exit,
                reason = health.failed() => {
                    *health = Health::Failed(reason);
                    self.liveness.kill();
                }
            }
        }
        match &self.health {
            Some(Health::Failed(reason)) => {
                let Liveness::Child { process, .. } = &mut self.liveness else {
                    return Exit::because(reason);
                };
                let exit = process.wait().await;
                Exit { status: format!("{reason} ({})", exit.status), ..exit }
            }
            _ => self.liveness.wait(&self.shared).await,
        }
    }

    /// Whether the instance has ended because another process has taken its place.
    pub(in crate::host) fn is_replaced(&self) -> bool {
        match &self.liveness {
            Liveness::Child { .. } => false,
            Liveness::Foreign(attachment) => attachment.is_replaced(),
            Liveness::Remote(link) => link.is_replaced(),
        }
    }

    /// Stops the instance, or leaves it if another process has started it. Takes at most a second
    /// longer than the timeout, unless the process does not end when it is killed.
    ///
    /// The plugins of the original GoPlug are stopped in any case, as its hosts do.
    ///
    /// # Errors
    /// The process, if it has not ended.
    pub(in crate::host) async fn stop(self, timeout: Duration) -> Result<(), Survivor> {
        self.stop_calls_first(timeout, timeout).await
    }

    /// Stops the instance as [`OwnedInstance::stop`] does, and cuts off its calls in flight after
    /// `for_calls`, if the plugin can do that.
    async fn stop_calls_first(
        self,
        timeout: Duration,
        for_calls: Duration,
    ) -> Result<(), Survivor> {
        let is_left = !self.can_be_replaced() && self.shared.dialect() == Dialect::GoPlug2;
        if !is_left {
            return self.end(timeout, for_calls).await;
        }
        self.leave(timeout).await;
        Ok(())
    }

    /// Leaves the instance running: waits until the calls in flight have ended, for at most this
    /// long, ends the registrations and closes the connections.
    async fn leave(mut self, timeout: Duration) {
        let deadline = tokio::time::Instant::now() + timeout;
        drop(tokio::time::timeout_at(deadline, self.shared.drained()).await);
        self.shared.begin_end();
        // The task would open the stream again.
        self.callbacks = None;
        let deadline = deadline.max(tokio::time::Instant::now() + limits::FLUSH_TIMEOUT);
        match &self.liveness {
            Liveness::Child { .. } => {}
            Liveness::Foreign(attachment) => {
                attachment.unregister(self.shared.endpoint(), deadline).await;
            }
            Liveness::Remote(link) => link.unregister(self.shared.endpoint(), deadline).await,
        }
        self.shared.end(Exit::because("this host has left it"));
    }

    /// Stops the instance: sends it a request to stop, waits for its end until the timeout, then
    /// ends it with signals, which may take a second more.
    async fn end(self, timeout: Duration, for_calls: Duration) -> Result<(), Survivor> {
        let began = Instant::now();
        self.shared.begin_end();
        let for_calls = (for_calls < timeout).then(|| wire::timeout_value(for_calls).to_string());
        let for_calls = for_calls.as_deref().map(|for_calls| (wire::HEADER_GRACE, for_calls));
        let request = match self.shared.dialect() {
            Dialect::GoPlug1 => Request::new(wire::STOP, b""),
            Dialect::GoPlug2 => Request {
                timeout: Some(wire::timeout_value(timeout)),
                headers: for_calls.as_slice(),
                ..Request::new(wire::STOP, b"")
            },
        };
        // The result does not matter: the plugin may end without a response, and if it refuses it
        // is ended nevertheless.
        let deadline = tokio::time::Instant::from(began + timeout);
        let endpoint = self.shared.endpoint();
        // No debugger that holds the plugin holds up its stop.
        let sending = endpoint.send(&request, deadline, Admission::Control, || false);
        drop(timeout_at(deadline, sending).await);
        let stopped = match self.liveness {
            Liveness::Child { process, listener } => {
                let stopped = process.stop(timeout.saturating_sub(began.elapsed())).await;
                drop(listener);
                stopped.map_err(Survivor::from)
            }
            Liveness::Foreign(_) | Liveness::Remote(_) => Ok(Exit::because("it was stopped")),
        };
        match stopped {
            Ok(exit) => {
                self.shared.end(exit);
                Ok(())
            }
            Err(survivor) => {
                self.shared.end(survivor.exit());
                Err(survivor)
            }
        }
    }

    /// Stops an instance that was replaced: after its calls in flight have ended, or when `closing`
    /// resolves. After the policy's drain time the calls in flight are cut off at once.
    ///
    /// # Errors
    /// The process, if it has not ended.
    pub(in crate::host) async fn retire(
        mut self,
        policy: &Policy,
        closing: impl Future<Output = ()>,
    ) -> Result<(), Survivor> {
        let instance = Arc::clone(&self.shared);
        let timeout = policy.stop_timeout;
        let for_calls = tokio::select! {
            () = instance.drained() => timeout,
            () = sleep(policy.drain) => Duration::ZERO,
            () = closing => timeout,
            exit = self.wait() => {
                instance.end(exit);
                return Ok(());
            }
        };
        self.stop_calls_first(timeout, for_calls).await
    }
}

impl Health {
    /// Waits until the check fails, and returns the reason. Cancel safe.
    async fn failed(&mut self) -> String {
        match self {
            Self::Checking(task) => match task.await {
                Ok(reason) => reason,
                Err(error) => format!("its health is not watched any more: {error}"),
            },
            Self::Failed(reason) => reason.clone(),
        }
    }
}
