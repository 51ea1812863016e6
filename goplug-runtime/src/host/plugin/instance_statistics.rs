//! What is counted of each instance of a plugin, and what its process uses.

use std::time::Duration;

use crate::transport::ProcessUsage;

/// One instance of a plugin: a part of [`Stats`](super::Stats).
///
/// The counts are those of all processes that were this instance, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceStats {
    /// The id of the process; `None` if there is none, or if the registry did not start it.
    pub process_id: Option<u32>,
    /// Whether it takes calls.
    pub is_loaded: bool,
    /// The calls that it was given, those that it has not ended included. A call that is made again
    /// counts for each instance that it was given to.
    pub calls: u64,
    /// The calls that the process works on at this moment.
    pub in_flight: usize,
    /// How often the instance was started again after a crash.
    pub restarts: u64,
    /// As [`Stats::resident_memory`](super::Stats::resident_memory).
    pub resident_memory: Option<u64>,
    /// As [`Stats::processor_time`](super::Stats::processor_time).
    pub processor_time: Option<Duration>,
}

/// The calls in flight of all instances, and what their processes use.
pub(super) fn total(instances: &[InstanceStats]) -> (usize, Option<ProcessUsage>) {
    let in_flight = instances.iter().map(|instance| instance.in_flight).sum();
    let usages = instances.iter().filter_map(|it| {
        let (resident_memory, processor_time) = (it.resident_memory?, it.processor_time?);
        Some(ProcessUsage { resident_memory, processor_time })
    });
    let usage = usages.reduce(|one, other| ProcessUsage {
        resident_memory: one.resident_memory + other.resident_memory,
        processor_time: one.processor_time + other.processor_time,
    });
    (in_flight, usage)
}
