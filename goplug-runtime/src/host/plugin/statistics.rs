//! What is counted of a plugin's calls, and what its process uses.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use histogram::{AtomicHistogram, Config, Histogram};
use tokio::time::Instant;

use super::instance_statistics::{InstanceStats, total};
use super::metrics::Metrics;
use super::service_statistics::{ServiceCounts, ServiceStats};
use crate::error::{Error, Result};
use crate::host::callbacks::{ServiceCounter, ServiceEnd};
use crate::protocol::PluginId;
use crate::typed::StreamedBody;

/// The longest latency that is told from longer ones, in nanoseconds: 2⁴², more than an hour.
const LONGEST: u64 = (1 << 42) - 1;

/// The buckets of latencies: a bucket is at most 1/32 wider than the shortest latency in it. All of
/// them take 10 kB.
const BUCKETS: Config = match Config::new(5, 42) {
    Ok(buckets) => buckets,
    Err(_) => panic!("the powers of two are out of their bounds"),
};

/// What a plugin's calls have been like, and what its process uses: see
/// [`Plugin::stats`](super::Plugin::stats).
///
/// The counts are those of all processes of the plugin since its registry found it. Calls by raw
/// and typed clients count, whether async or blocking; callbacks and health checks do not, and what the
/// plugin itself calls has counts of its own. A call with
/// a streamed result ends with its stream: with an error if the stream does, and given up if the stream
/// is dropped before its end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// The calls that ended, with a result or with an error. A call that is retried counts once.
    pub calls: u64,
    /// The calls among them that ended with an error, the method's own errors included.
    pub errors: u64,
    /// The calls that their callers gave up: their futures or streams were dropped.
    pub cancelled: u64,
    /// The calls that the plugin's processes work on at this moment.
    pub in_flight: usize,
    /// How long the calls took that ended; of a streamed result, until it began.
    pub latency: Latency,
    /// The calls that the plugin makes of services.
    pub services: ServiceStats,
    /// How often the plugin was started again after a crash.
    pub restarts: u64,
    /// The memory that the plugin's processes have in RAM, in bytes; pages that they share with others
    /// count in full. `None` if there is no process, or if the registry did not start it.
    pub resident_memory: Option<u64>,
    /// The processor time that all threads of the plugin's processes have taken, in steps of 10 ms.
    /// `None` as for [`resident_memory`](Self::resident_memory).
    pub processor_time: Option<Duration>,
    /// The same of each instance by itself, as far as it is known: one, or as many as
    /// [`Policy::instances`](crate::host::Policy::instances) says.
    pub instances: Vec<InstanceStats>,
}

/// How long calls took, from the call to its end in the host. This includes the wait for a process,
/// where there was one, and the time of retries.
#[derive(Clone)]
pub struct Latency {
    histogram: Option<Histogram>,
}

impl Latency {
    /// The latency that this share of the calls did not exceed, with an error of at most 3.2 %
    /// upwards: `0.5` gives the median, `1.0` the longest. `None` if no call has ended, or if the
    /// share is not within 0 to 1.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let bucket = self.histogram.as_ref()?.quantile_bucket(share).ok()??;
        Some(Duration::from_nanos(bucket.end()))
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The histogram has more than a thousand buckets.
        let [median, late, longest] = [0.5, 0.99, 1.0].map(|share| self.quantile(share));
        let mut latency = f.debug_struct("Latency");
        latency.field("median", &median).field("p99", &late).field("longest", &longest).finish()
    }
}

/// The counters of one plugin.
pub(super) struct Statistics {
    /// The latencies of the calls that ended. The first of them makes it, so that a plugin that is
    /// never called takes no memory for it.
    latencies: OnceLock<AtomicHistogram>,
    errors: AtomicU64,
    cancelled: AtomicU64,
    restarts: AtomicU64,
    services: ServiceCounts,
    metrics: Metrics,
}

impl Statistics {
    pub(super) fn new(id: &PluginId) -> Self {
        Self {
            latencies: OnceLock::new(),
            errors: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            services: ServiceCounts::default(),
            metrics: Metrics::new(id),
        }
    }

    /// Counts a call that begins at this time: as one that its caller gives up, unless it ends.
    pub(super) fn begin(self: &Arc<Self>, began: Instant) -> CallRecord<'_> {
        CallRecord { statistics: self, began, has_ended: false }
    }

    pub(super) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.metrics.restarted();
    }

    fn count_end(&self, latency: Duration, is_error: bool) {
        let latencies = self.latencies.get_or_init(|| AtomicHistogram::with_config(&BUCKETS));
        let nanos = u64::try_from(latency.as_nanos()).map_or(LONGEST, |nanos| nanos.min(LONGEST));
        // An error would be a latency without a bucket, and there is none.
        let _counted = latencies.increment(nanos);
        if is_error {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        self.metrics.ended(latency, is_error);
    }

    #[cold]
    fn count_cancellation(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
        self.metrics.cancelled();
    }

    /// The counts at this moment, with these instances.
    pub(super) fn snapshot(&self, instances: Vec<InstanceStats>) -> Stats {
        let histogram = self.latencies.get().map(AtomicHistogram::load);
        let counts = histogram.as_ref().map_or(&[][..], Histogram::as_slice);
        let services = self.services.snapshot();
        let (in_flight, usage) = total(&instances);
        self.metrics.measured(in_flight, services.in_flight, usage);
        Stats {
            calls: counts.iter().sum(),
            errors: self.errors.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            in_flight,
            latency: Latency { histogram },
            services,
            restarts: self.restarts.load(Ordering::Relaxed),
            resident_memory: usage.map(|usage| usage.resident_memory),
            processor_time: usage.map(|usage| usage.processor_time),
            instances,
        }
    }
}

impl ServiceCounter for Statistics {
    fn begun(&self) {
        self.services.count_begin();
    }

    fn ended(&self, end: ServiceEnd) {
        self.services.count_end(end);
        self.metrics.service_ended(end);
    }
}

/// The record of a call. It counts the call when it is dropped.
pub(super) struct CallRecord<'a> {
    statistics: &'a Arc<Statistics>,
    began: Instant,
    has_ended: bool,
}

impl CallRecord<'_> {
    /// The call has ended with a result.
    pub(super) fn end(mut self) {
        self.has_ended = true;
        self.statistics.count_end(self.began.elapsed(), false);
    }

    /// The call has ended with this error.
    #[cold]
    pub(super) fn fail(mut self, error: Error) -> Error {
        self.has_ended = true;
        self.statistics.count_end(self.began.elapsed(), true);
        error
    }

    /// The call has been answered with a stream: it ends with its stream.
    pub(super) fn stream(mut self, body: StreamedBody) -> StreamedBody {
        self.has_ended = true;
        let statistics = Arc::clone(self.statistics);
        let record = StreamRecord { statistics, latency: self.began.elapsed(), has_ended: false };
        StreamedBody::new(body.items(), CountedStream { body, record })
    }
}

impl Drop for CallRecord<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.statistics.count_cancellation();
        }
    }
}

/// The record of a call whose stream has begun. It counts the call when it is dropped.
struct StreamRecord {
    statistics: Arc<Statistics>,
    latency: Duration,
    has_ended: bool,
}

impl Drop for StreamRecord {
    fn drop(&mut self) {
        if !self.has_ended {
            self.statistics.count_cancellation();
        }
    }
}

/// A streamed result whose end is counted.
struct CountedStream {
    body: StreamedBody,
    record: StreamRecord,
}

impl Stream for CountedStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Self { body, record } = &mut *self;
        let item = ready!(Pin::new(body).poll_next(cx));
        if !matches!(item, Some(Ok(_))) && !std::mem::replace(&mut record.has_ended, true) {
            record.statistics.count_end(record.latency, item.is_some());
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics() -> Arc<Statistics> {
        Arc::new(Statistics::new(&PluginId::new("p", "n").unwrap()))
    }

    #[test]
    fn a_plugin_that_was_never_called_has_no_latency() {
        let stats = statistics().snapshot(Vec::new());
        assert_eq!((stats.calls, stats.errors, stats.cancelled), (0, 0, 0));
        assert_eq!(stats.latency.quantile(0.5), None);
    }

    #[test]
    fn calls_are_counted_by_how_they_end() {
        let statistics = statistics();
        statistics.begin(Instant::now()).end();
        drop(statistics.begin(Instant::now()).fail(Error::Stopped));
        drop(statistics.begin(Instant::now()));
        let stats = statistics.snapshot(Vec::new());
        assert_eq!((stats.calls, stats.errors, stats.cancelled), (2, 1, 1));
        assert!(stats.latency.quantile(1.0).is_some());
    }

    #[test]
    fn quantiles_are_those_of_the_latencies_within_their_error() {
        let statistics = statistics();
        for millis in 1..=1000 {
            statistics.count_end(Duration::from_millis(millis), false);
        }
        let latency = statistics.snapshot(Vec::new()).latency;
        for (share, millis) in [(0.0, 1), (0.5, 500), (0.99, 990), (1.0, 1000)] {
            let (found, exact) = (latency.quantile(share).unwrap(), Duration::from_millis(millis));
            assert!(found >= exact && found <= exact.mul_f64(1.032), "{share}: {found:?}");
        }
        assert_eq!(latency.quantile(1.1), None);
        assert_eq!(latency.quantile(f64::NAN), None);
    }

    #[test]
    fn a_latency_of_years_is_counted_as_the_longest() {
        let statistics = statistics();
        statistics.count_end(Duration::MAX, false);
        let stats = statistics.snapshot(Vec::new());
        assert_eq!(stats.calls, 1);
        assert_eq!(stats.latency.quantile(1.0), Some(Duration::from_nanos(LONGEST)));
    }
}
