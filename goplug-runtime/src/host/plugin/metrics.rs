//! The statistics of a plugin for the `metrics` facade; nothing without that feature.

#[cfg(feature = "metrics")]
use std::sync::OnceLock;
use std::time::Duration;

#[cfg(feature = "metrics")]
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::host::callbacks::ServiceEnd;
use crate::protocol::PluginId;
use crate::transport::ProcessUsage;

/// The metrics of one plugin, with the label `plugin`.
pub(super) struct Metrics {
    #[cfg(feature = "metrics")]
    id: String,
    /// They are asked of the recorder at the first use, since a program may install its recorder
    /// after it has started its registry.
    #[cfg(feature = "metrics")]
    handles: OnceLock<Handles>,
}

#[cfg(feature = "metrics")]
struct Handles {
    latency: Histogram,
    errors: Counter,
    cancelled: Counter,
    restarts: Counter,
    services: Counter,
    service_errors: Counter,
    services_cancelled: Counter,
    services_in_flight: Gauge,
    in_flight: Gauge,
    resident_memory: Gauge,
    processor_time: Gauge,
}

#[cfg(not(feature = "metrics"))]
#[expect(clippy::unused_self, reason = "the same functions as with the feature")]
impl Metrics {
    pub(super) fn new(_: &PluginId) -> Self {
        Self {}
    }

    pub(super) fn ended(&self, _: Duration, _: bool) {}

    pub(super) fn cancelled(&self) {}

    pub(super) fn restarted(&self) {}

    pub(super) fn service_ended(&self, _: ServiceEnd) {}

    pub(super) fn measured(&self, _: usize, _: usize, _: Option<ProcessUsage>) {}
}

#[cfg(feature = "metrics")]
impl Metrics {
    pub(super) fn new(id: &PluginId) -> Self {
        Self { id: id.to_string(), handles: OnceLock::new() }
    }

    pub(super) fn ended(&self, latency: Duration, is_error: bool) {
        self.handles().latency.record(latency);
        if is_error {
            self.handles().errors.increment(1);
        }
    }

    pub(super) fn cancelled(&self) {
        self.handles().cancelled.increment(1);
    }

    pub(super) fn restarted(&self) {
        self.handles().restarts.increment(1);
    }

    pub(super) fn service_ended(&self, end: ServiceEnd) {
        let handles = self.handles();
        match end {
            ServiceEnd::Cancelled => handles.services_cancelled.increment(1),
            ServiceEnd::Result | ServiceEnd::Error => handles.services.increment(1),
        }
        if end == ServiceEnd::Error {
            handles.service_errors.increment(1);
        }
    }

    /// Sets what is only known when somebody asks for it.
    #[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
    pub(super) fn measured(
        &self,
        in_flight: usize,
        services_in_flight: usize,
        usage: Option<ProcessUsage>,
    ) {
        let handles = self.handles();
        let (memory, time) =
            usage.map(|usage| (usage.resident_memory, usage.processor_time)).unwrap_or_default();
        handles.in_flight.set(in_flight as f64);
        handles.services_in_flight.set(services_in_flight as f64);
        handles.resident_memory.set(memory as f64);
        handles.processor_time.set(time.as_secs_f64());
    }

    /// The first call asks the program's recorder, without a lock.
    fn handles(&self) -> &Handles {
        if let Some(handles) = self.handles.get() {
            return handles;
        }
        let id = || self.id.clone();
        let handles = Handles {
            latency: histogram!("goplug_call_duration_seconds", "plugin" => id()),
            errors: counter!("goplug_call_errors_total", "plugin" => id()),
            cancelled: counter!("goplug_calls_cancelled_total", "plugin" => id()),
            restarts: counter!("goplug_restarts_total", "plugin" => id()),
            services: counter!("goplug_service_calls_total", "plugin" => id()),
            service_errors: counter!("goplug_service_call_errors_total", "plugin" => id()),
            services_cancelled: counter!("goplug_service_calls_cancelled_total", "plugin" => id()),
            services_in_flight: gauge!("goplug_service_calls_in_flight", "plugin" => id()),
            in_flight: gauge!("goplug_calls_in_flight", "plugin" => id()),
            resident_memory: gauge!("goplug_resident_memory_bytes", "plugin" => id()),
            processor_time: gauge!("goplug_processor_time_seconds", "plugin" => id()),
        };
        self.handles.get_or_init(|| handles)
    }
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use metrics::{Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder};

    use super::*;

    /// Keeps the bits of each metric's value by its name and labels.
    #[derive(Default)]
    struct Kept(Mutex<Vec<(String, Arc<AtomicU64>)>>);

    impl Kept {
        fn register(&self, key: &Key) -> Arc<AtomicU64> {
            let value = Arc::new(AtomicU64::new(0));
            self.0.lock().unwrap().push((key.to_string(), Arc::clone(&value)));
            value
        }

        fn bits_of(&self, name: &str) -> u64 {
            let key = format!("Key({name}, [plugin = n.p])");
            let kept = self.0.lock().unwrap();
            let found = kept.iter().find(|(kept, _)| *kept == key);
            found.unwrap_or_else(|| panic!("{key} in {kept:?}")).1.load(Ordering::Relaxed)
        }
    }

    impl Recorder for Kept {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.register(key))
        }
        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.register(key))
        }
        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            struct Last(Arc<AtomicU64>);
            impl metrics::HistogramFn for Last {
                fn record(&self, value: f64) {
                    self.0.store(value.to_bits(), Ordering::Relaxed);
                }
            }
            Histogram::from_arc(Arc::new(Last(self.register(key))))
        }
    }

    #[test]
    fn the_recorder_gets_what_is_counted() {
        use tokio::time::Instant;

        use super::super::instance_statistics::InstanceStats;
        use super::super::statistics::Statistics;
        use crate::error::Error;
        use crate::host::callbacks::ServiceCounter;

        let recorder = Kept::default();
        with_local_recorder(&recorder, || {
            let statistics = Arc::new(Statistics::new(&PluginId::new("p", "n").unwrap()));
            let began = Instant::now() - Duration::from_secs(2);
            drop(statistics.begin(began).fail(Error::Stopped));
            drop(statistics.begin(began));
            statistics.count_restart();
            statistics.count_restart();
            for end in [ServiceEnd::Result, ServiceEnd::Error, ServiceEnd::Cancelled] {
                statistics.begun();
                statistics.ended(end);
            }
            statistics.begun();
            statistics.snapshot(vec![InstanceStats { in_flight: 3, ..InstanceStats::default() }]);
        });
        assert!(f64::from_bits(recorder.bits_of("goplug_call_duration_seconds")) >= 2.0);
        assert_eq!(recorder.bits_of("goplug_call_errors_total"), 1);
        assert_eq!(recorder.bits_of("goplug_calls_cancelled_total"), 1);
        assert_eq!(recorder.bits_of("goplug_restarts_total"), 2);
        assert_eq!(f64::from_bits(recorder.bits_of("goplug_calls_in_flight")), 3.0);
        assert_eq!(recorder.bits_of("goplug_service_calls_total"), 2);
        assert_eq!(recorder.bits_of("goplug_service_call_errors_total"), 1);
        assert_eq!(recorder.bits_of("goplug_service_calls_cancelled_total"), 1);
        assert_eq!(f64::from_bits(recorder.bits_of("goplug_service_calls_in_flight")), 1.0);
    }
}
