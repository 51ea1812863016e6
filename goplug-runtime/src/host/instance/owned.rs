//! One instance, as its supervisor owns it: the process, and what belongs to it.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::exit::Exit;
use super::health;
use super::liveness::Liveness;
use super::shared::Instance;
use crate::host::install::Installation;
use crate::host::policy::{HealthCheck, Policy};
use crate::host::task::OwnedTask;
use crate::http1::Request;
use crate::protocol::wire;

/// An instance, from its activation to the end of its process. Dropping it kills the process.
pub(in crate::host) struct OwnedInstance {
    pub(in crate::host) shared: Arc<Instance>,
    pub(in crate::host) installation: Arc<Installation>,
    liveness: Liveness,
    began: Instant,
    health: Option<Health>,
    /// The generation under which it receives callbacks, and the task that does.
    callbacks: Option<(u64, OwnedTask)>,
}

/// The watch over the health of an instance.
enum Health {
    /// The watch goes on.
    Watched(JoinHandle<String>),
    /// The check failed, for this reason; the process is on its way out.
    Failed(String),
}

impl Drop for Health {
    fn drop(&mut self) {
        if let Self::Watched(watch) = self {
            watch.abort();
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
            Health::Watched(tokio::spawn(async move { health::watch(&instance, check).await }))
        });
        Self { shared, installation, liveness, began: Instant::now(), health, callbacks: None }
    }

    /// Keeps the task that receives its callbacks, for as long as the instance lasts.
    pub(in crate::host) fn receive_callbacks(&mut self, generation: u64, task: OwnedTask) {
        self.callbacks = Some((generation, task));
    }

    /// The generation under which it receives callbacks, if it does.
    pub(in crate::host) fn callback_generation(&self) -> Option<u64> {
        self.callbacks.as_ref().map(|(generation, _)| *generation)
    }

    /// Whether another process can stand beside it: it is this host's child.
    pub(in crate::host) fn can_be_replaced(&self) -> bool {
        matches!(self.liveness, Liveness::Child { .. })
    }

    /// The time since its activation.
    pub(in crate::host) fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits until it has ended without being asked to. An instance that fails its health check
    /// is killed here. Cancel safe.
    pub(in crate::host) async fn wait(&mut self) -> Exit {
        if let Some(health @ Health::Watched(_)) = &mut self.health {
            tokio::select! {
                exit = self.liveness.wait(self.shared.endpoint()) => return exit,
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
            _ => self.liveness.wait(self.shared.endpoint()).await,
        }
    }

    /// Stops it in good order: asks it, waits for it, forces it, all within this time and what
    /// force takes. Every call that is still in flight fails.
    pub(in crate::host) async fn stop(self, timeout: Duration) {
        let began = Instant::now();
        let request = Request::new(wire::STOP, b"");
        // End of file in place of an answer is success, and a refusal changes nothing.
        drop(self.shared.endpoint().send(&request, (began + timeout).into(), || false).await);
        let exit = match self.liveness {
            Liveness::Child { process, listener } => {
                let exit = process.stop(timeout.saturating_sub(began.elapsed())).await;
                drop(listener);
                exit
            }
            Liveness::Foreign { .. } => Exit::because("it was stopped"),
        };
        self.shared.end(exit);
    }

    /// Lets it finish the calls that it has, now that another instance takes the further ones,
    /// and stops it. It has the drain time of the policy for that, until `closing` resolves.
    pub(in crate::host) async fn retire(
        mut self,
        policy: &Policy,
        closing: impl Future<Output = ()>,
    ) {
        let instance = Arc::clone(&self.shared);
        tokio::select! {
            () = instance.drained() => {}
            () = sleep(policy.drain) => {}
            () = closing => {}
            exit = self.wait() => return instance.end(exit),
        }
        self.stop(policy.stop_timeout).await;
    }
}

impl Health {
    /// Waits for the reason. Cancel safe.
    async fn failed(&mut self) -> String {
        match self {
            Self::Watched(watch) => match watch.await {
                Ok(reason) => reason,
                Err(error) => format!("its health is not watched any more: {error}"),
            },
            Self::Failed(reason) => reason.clone(),
        }
    }
}
