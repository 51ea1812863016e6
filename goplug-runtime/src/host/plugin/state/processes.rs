//! What is known of the processes of a plugin.

use std::sync::Arc;

use super::PluginState;
use crate::host::instance::Instance;
use crate::host::plugin::instance_statistics::InstanceStats;
use crate::transport::ProcessUsage;

impl PluginState {
    /// What is known of each instance. Asks the system what the processes use.
    pub(in crate::host::plugin) fn instance_stats(&self) -> Vec<InstanceStats> {
        let counts: Vec<_> = {
            let status = self.lock();
            let slots = status.slots.iter();
            slots.map(|slot| (slot.instance.clone(), slot.calls, slot.restarts)).collect()
        };
        let stats = |(instance, calls, restarts): (Option<Arc<Instance>>, u64, u64)| {
            let process_id = instance.as_ref().and_then(|instance| instance.pid());
            let usage = process_id.and_then(ProcessUsage::of);
            InstanceStats {
                process_id,
                is_loaded: instance.is_some(),
                calls,
                in_flight: instance.map_or(0, |instance| instance.calls()),
                restarts,
                resident_memory: usage.map(|usage| usage.resident_memory),
                processor_time: usage.map(|usage| usage.processor_time),
            }
        };
        counts.into_iter().map(stats).collect()
    }
}
