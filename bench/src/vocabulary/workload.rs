//! Sizes on which both sides of a row have to agree, and the host in Go with the hosts in
//! Rust.

use std::time::Duration;

use super::scale::Scale;

/// How long the slow method takes.
pub(crate) const SLOW_CALL: Duration = Duration::from_millis(50);

/// How many plugins the idle host has.
pub(crate) const IDLE_PLUGINS: usize = 4;

/// How many callbacks one sample has.
pub(crate) fn callbacks(scale: Scale) -> u64 {
    scale.pick(400_000, 100_000)
}

/// The size of a chunk of a stream of bytes.
pub(crate) const CHUNK: usize = 64 << 10;

/// How many items one sample streams.
pub(crate) fn items(scale: Scale) -> u64 {
    scale.pick(1_000_000, 300_000)
}

/// How many chunks one sample streams.
pub(crate) fn chunks(scale: Scale) -> u64 {
    scale.pick(40_000, 10_000)
}

/// How often one sample starts the plugin process.
pub(crate) fn starts(scale: Scale) -> usize {
    scale.pick(20, 8)
}

/// For how long the idle host is watched.
pub(crate) fn idle_time(scale: Scale) -> Duration {
    scale.pick(Duration::from_secs(10), Duration::from_secs(2))
}

/// How long a host takes to become idle after it has started its plugins. `processes` is
/// [`Peer::PROCESSES`](super::Peer::PROCESSES): a registry with several plugins scans a folder
/// a second time if the folder has just changed.
pub(crate) fn settle_time(processes: usize) -> Duration {
    if processes > 1 { Duration::from_secs(4) } else { Duration::from_millis(500) }
}
