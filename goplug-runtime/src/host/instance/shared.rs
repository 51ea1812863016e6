//! One instance, as everything that calls it shares it: where it listens, what it offers, what
//! is in flight, how it ended.
//!
//! An [`Instance`] lives from one activation to the end of that process. Handles hold the
//! current one, so that a plugin can be started anew beneath them. `owned` is the side of it
//! that starts and stops the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::exit::{Exit, ExitCell};
use super::in_flight::InFlight;
use crate::host::connection::{Endpoint, LatencyClass};
use crate::host::policy::Policy;
use crate::protocol::{Descriptor, Dialect, PluginId, wire};
use crate::transport::FileId;

/// A process that is this host's child.
pub(super) struct ChildProcess {
    pub(super) id: u32,
    /// The program, if a newer one is to take its place.
    pub(super) program: Option<FileId>,
}

/// One instance of a plugin, from its activation on.
pub(in crate::host) struct Instance {
    id: PluginId,
    endpoint: Endpoint,
    dialect: Dialect,
    descriptor: Arc<Descriptor>,
    /// The process, if it is this host's child.
    child: Option<ChildProcess>,
    /// The original's plugins are called one at a time.
    pub(super) turns: Option<Semaphore>,
    pub(super) call_timeout: Duration,
    pub(super) in_flight: InFlight,
    /// Of each method; `None` if the plugin does not take several calls on one connection.
    pub(super) latency_classes: Option<BTreeMap<String, LatencyClass>>,
    exit: ExitCell,
}

impl Instance {
    pub(super) fn new(
        id: PluginId,
        endpoint: Endpoint,
        (dialect, descriptor): (Dialect, Descriptor),
        child: Option<ChildProcess>,
        policy: &Policy,
    ) -> Self {
        let pipelines = descriptor.features.iter().any(|f| f == wire::FEATURE_PIPELINE);
        Self {
            id,
            endpoint,
            dialect,
            latency_classes: pipelines.then(|| LatencyClass::of_each(&descriptor.methods)),
            descriptor: Arc::new(descriptor),
            child,
            turns: (dialect == Dialect::GoPlug1).then(|| Semaphore::new(1)),
            call_timeout: policy.call_timeout,
            in_flight: InFlight::new(policy.idle_stop.is_some()),
            exit: ExitCell::default(),
        }
    }

    pub(in crate::host) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(in crate::host) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The process id, if the process is this host's child.
    pub(in crate::host) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(|child| child.id)
    }

    /// Whether the process is this host's child, so that its exit will be known.
    pub(super) fn is_child(&self) -> bool {
        self.child.is_some()
    }

    /// The file that lies in the place of the program that runs, if that was replaced.
    /// Blocks.
    pub(in crate::host) fn newer_program(&self) -> Option<FileId> {
        self.child.as_ref()?.program.as_ref()?.successor()
    }

    pub(in crate::host) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(in crate::host) fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// Says how the instance ended; every call in flight fails with it.
    pub(in crate::host) fn end(&self, exit: Exit) {
        if self.exit.set(exit) {
            // A caller that waits for an answer reads the end of its connection.
            self.endpoint.close();
        }
    }

    /// Waits for the exit. Cancel safe.
    pub(in crate::host) async fn wait_for_exit(&self) -> &Exit {
        self.exit.wait().await
    }

    /// How many calls are in flight.
    pub(in crate::host) fn calls(&self) -> usize {
        self.in_flight.count()
    }

    /// Waits until no call is in flight. Cancel safe.
    pub(in crate::host) async fn drained(&self) {
        self.in_flight.none().await;
    }

    /// Waits until there has been no call for this long. The policy of the instance has to have
    /// such a limit. Cancel safe.
    pub(in crate::host) async fn idle(&self, limit: Duration) {
        self.in_flight.idle(limit).await;
    }
}
