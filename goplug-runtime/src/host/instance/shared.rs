//! The side of an instance that all its callers share: where it listens, what it offers, which
//! calls are in flight, how it ended.
//!
//! An [`Instance`] stands for one process from its activation to its end. Handles look up the
//! current instance for each call, so they stay valid when the plugin is started again. `owned`
//! is the side that starts and stops the process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::described_by::DescribedBy;
use super::exit::{Exit, ExitCell};
use super::in_flight::InFlight;
use crate::host::connection::{Endpoint, LatencyClass};
use crate::host::policy::Policy;
use crate::protocol::{Descriptor, Dialect, PluginId, wire};
use crate::transport::FileId;

/// A process that is this host's child.
pub(super) struct ChildProcess {
    pub(super) id: u32,
    /// The program; `None` if a newer program must not replace it.
    pub(super) program: Option<FileId>,
}

/// One instance of a plugin, from its activation on.
pub(in crate::host) struct Instance {
    id: PluginId,
    endpoint: Arc<Endpoint>,
    dialect: Dialect,
    descriptor: Arc<Descriptor>,
    /// Where the descriptor with schemas comes from.
    pub(super) described_by: DescribedBy,
    /// The descriptor with schemas, once it is known.
    pub(super) described: OnceLock<Arc<Descriptor>>,
    /// Why the schemas are not known, after a question that was in vain.
    pub(super) undescribed: Mutex<Option<String>>,
    /// The process, if it is this host's child.
    child: Option<ChildProcess>,
    /// The permit to call; `None` if calls run side by side. Plugins of the original GoPlug are
    /// called one at a time, unless the policy says otherwise.
    pub(super) one_at_a_time: Option<Arc<Semaphore>>,
    pub(super) in_flight: InFlight,
    /// The latency class of each method; `None` if the plugin does not support pipelining.
    pub(super) latency_classes: Option<BTreeMap<String, LatencyClass>>,
    /// Whether the plugin reads arguments of the media type `multipart/form-data`.
    pub(super) reads_parts: bool,
    /// Whether the plugin answers with a stream while it reads one.
    pub(super) is_duplex: bool,
    /// The token of this host, for a plugin that has to know which host has called it.
    pub(super) host: OnceLock<Box<str>>,
    /// Whether this host ends the instance, or has left it.
    is_being_ended: AtomicBool,
    /// Whether the plugin has refused a call, since it stops.
    refuses_calls: AtomicBool,
    exit: ExitCell,
}

impl Instance {
    pub(super) fn new(
        id: PluginId,
        endpoint: Arc<Endpoint>,
        (dialect, descriptor): (Dialect, Descriptor),
        described_by: DescribedBy,
        child: Option<ChildProcess>,
        policy: &Policy,
    ) -> Self {
        let has = |feature| descriptor.features.iter().any(|f| f == feature);
        let pipelines = has(wire::FEATURE_PIPELINE);
        let reads_parts = dialect == Dialect::GoPlug2 && has(wire::FEATURE_PARTS);
        let is_duplex = has(wire::FEATURE_DUPLEX);
        Self {
            id,
            endpoint,
            dialect,
            latency_classes: pipelines.then(|| LatencyClass::for_methods(&descriptor.methods)),
            descriptor: Arc::new(descriptor),
            described_by,
            described: OnceLock::new(),
            undescribed: Mutex::default(),
            child,
            one_at_a_time: policy
                .one_call_at_a_time
                .unwrap_or(dialect == Dialect::GoPlug1)
                .then(|| Arc::new(Semaphore::new(1))),
            in_flight: InFlight::new(policy.idle_stop.is_some()),
            reads_parts,
            is_duplex,
            host: OnceLock::new(),
            is_being_ended: AtomicBool::new(false),
            refuses_calls: AtomicBool::new(false),
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

    /// The file that has replaced the program of this instance; `None` if there is no such file.
    /// Does blocking I/O.
    pub(in crate::host) fn newer_program(&self) -> Option<FileId> {
        self.child.as_ref()?.program.as_ref()?.successor()
    }

    /// Whether a file that has replaced the program of this instance is the same file, but for its
    /// mode, owner or links.
    pub(in crate::host) fn runs_from(&self, newer: &FileId) -> bool {
        let program = self.child.as_ref().and_then(|child| child.program.as_ref());
        program.is_some_and(|program| program.is_same_but_for_status(newer))
    }

    pub(in crate::host) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(in crate::host) fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// Notes that this host ends the instance, or leaves it: then a call that breaks off has not met a
    /// crash.
    pub(super) fn begin_end(&self) {
        self.is_being_ended.store(true, Ordering::Release);
    }

    /// Whether this host ends the instance, or has left it.
    pub(super) fn is_being_ended(&self) -> bool {
        self.is_being_ended.load(Ordering::Acquire)
    }

    /// Notes that the plugin has refused a call. A child process that does so stops; another may be
    /// activated again.
    pub(in crate::host) fn note_refusal(&self) {
        self.refuses_calls.store(self.is_child(), Ordering::Relaxed);
    }

    /// Whether the plugin has refused a call.
    pub(in crate::host) fn refuses_calls(&self) -> bool {
        self.refuses_calls.load(Ordering::Relaxed)
    }

    /// Sets the exit of the instance; every call in flight fails with it.
    pub(in crate::host) fn end(&self, exit: Exit) {
        if self.exit.set(exit) {
            // Callers that wait for a response notice the end of their connection.
            self.endpoint.close();
        }
    }

    /// Sets the exit of an instance whose place another process has taken. Calls in flight end by
    /// themselves: their process has ended, or the new one says that it has not begun them.
    pub(in crate::host) fn end_replaced(&self, exit: Exit) {
        self.exit.set(exit);
    }

    /// Whether the instance has ended.
    pub(super) fn has_exit(&self) -> bool {
        self.exit.is_set()
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
    pub(super) async fn drained(&self) {
        self.in_flight.wait_until_empty().await;
    }

    /// Waits until there has been no call for this long. Only for instances whose policy stops
    /// them when they are idle. Cancel safe.
    pub(in crate::host) async fn idle(&self, limit: Duration) {
        self.in_flight.wait_until_idle(limit).await;
    }

    /// Whether there has been no call for this long, as far as [`Instance::idle`] knows.
    pub(in crate::host) fn is_idle(&self, limit: Duration) -> bool {
        self.in_flight.idle_time().is_some_and(|idle| idle >= limit)
    }
}
