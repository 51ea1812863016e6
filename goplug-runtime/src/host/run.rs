//! One run of a plugin, as its supervisor holds it: the process, and what belongs to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::core::Core;
use super::health::{self, HealthCheck};
use super::installed::Installed;
use super::launch::Life;
use super::service::{Ending, Service};
use super::task::OwnedTask;
use crate::http1::Request;
use crate::protocol::wire;

/// A run of a plugin, from its activation to the end of its process. Dropping it kills the
/// process.
pub(super) struct Run {
    pub(super) service: Arc<Service>,
    pub(super) installed: Arc<Installed>,
    life: Life,
    began: Instant,
    health: Option<Health>,
    /// The number under which it receives callbacks, and the task that does.
    callbacks: Option<(u64, OwnedTask)>,
}

/// The watch over a run's health.
enum Health {
    /// It goes on.
    Watched(JoinHandle<String>),
    /// It failed, for this reason; the process is on its way out.
    Failed(String),
}

impl Drop for Health {
    fn drop(&mut self) {
        if let Self::Watched(watch) = self {
            watch.abort();
        }
    }
}

impl Run {
    pub(super) fn new(
        service: Arc<Service>,
        installed: Arc<Installed>,
        life: Life,
        check: Option<HealthCheck>,
    ) -> Self {
        let health = check.map(|check| {
            let service = Arc::clone(&service);
            Health::Watched(tokio::spawn(async move { health::watch(&service, check).await }))
        });
        Self { service, installed, life, began: Instant::now(), health, callbacks: None }
    }

    /// Receives its callbacks by this task, for as long as it lasts.
    pub(super) fn receive_callbacks(&mut self, number: u64, task: OwnedTask) {
        self.callbacks = Some((number, task));
    }

    /// The number under which it receives callbacks, if it does.
    pub(super) fn callbacks_number(&self) -> Option<u64> {
        self.callbacks.as_ref().map(|(number, _)| *number)
    }

    /// Whether another process can stand beside it: it is this host's child.
    pub(super) fn can_be_replaced(&self) -> bool {
        matches!(self.life, Life::Child { .. })
    }

    /// For how long it has lasted.
    pub(super) fn lasted(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits until it has ended without being asked to; one that fails its health check is
    /// ended here. Cancel safe.
    pub(super) async fn ended(&mut self) -> Ending {
        if let Some(health @ Health::Watched(_)) = &mut self.health {
            tokio::select! {
                ending = self.life.ended(&self.service) => return ending,
                reason = health.failed() => {
                    *health = Health::Failed(reason);
                    self.life.kill();
                }
            }
        }
        match &self.health {
            Some(Health::Failed(reason)) => {
                let Life::Child { process, .. } = &mut self.life else {
                    return Ending::because(reason);
                };
                let ending = process.ended().await;
                Ending { status: format!("{reason} ({})", ending.status), ..ending }
            }
            _ => self.life.ended(&self.service).await,
        }
    }

    /// Stops it in good order: asks it, waits for it, forces it, all within the grace
    /// period and what force takes. Every call that is still in flight fails.
    pub(super) async fn stop(self, grace: Duration) {
        let began = Instant::now();
        let request = Request::new(wire::STOP, b"");
        // End of file in place of an answer is success, and a refusal changes nothing.
        drop(self.service.endpoint().send(&request, (began + grace).into(), || false).await);
        let ending = match self.life {
            Life::Child { process, listener } => {
                let ending = process.stop(grace.saturating_sub(began.elapsed())).await;
                drop(listener);
                ending
            }
            Life::Foreign { .. } => Ending::because("it was stopped"),
        };
        self.service.end(ending);
    }

    /// Lets it finish the calls that it has, now that another run takes the further ones,
    /// and stops it. When the registry stops, it is not waited for.
    pub(super) async fn retire(mut self, core: Arc<Core>) {
        let service = Arc::clone(&self.service);
        let policy = core.policy();
        tokio::select! {
            () = service.quiet() => {}
            () = sleep(policy.drain) => {}
            () = core.closing() => {}
            ending = self.ended() => return service.end(ending),
        }
        self.stop(policy.grace).await;
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
