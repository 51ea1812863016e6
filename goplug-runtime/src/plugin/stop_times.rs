//! How long a stop may take: what the host says of it, and what the plugin has set.

use std::time::Duration;

use crate::limits;

/// What the request says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StopTimes {
    /// After which time the host forces the plugin to end.
    pub(super) until_forced: Option<Duration>,
    /// How long calls in flight have.
    pub(super) for_calls: Option<Duration>,
}

/// How long the steps of a stop may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StopLimits {
    /// The stop hook.
    pub(super) hook: Duration,
    /// The calls in flight, before they are cut off.
    pub(super) calls: Duration,
    /// How long callers have to read that.
    pub(super) flush: Duration,
}

impl StopTimes {
    /// The limits for a plugin that has set this stop timeout.
    pub(super) fn limits(self, set: Option<Duration>) -> StopLimits {
        let own = set.unwrap_or(limits::STOP_TIMEOUT);
        let (hook, flush) = match self.until_forced {
            None => (own, limits::FLUSH_TIMEOUT),
            Some(all) => {
                let reserve = limits::STOP_RESERVE.min(all / limits::STOP_RESERVE_PART);
                // A stop timeout that nobody has set does not shorten what the host allows.
                let hook = (all - reserve).min(set.unwrap_or(all));
                (hook, limits::FLUSH_TIMEOUT.min((all - hook) / 2))
            }
        };
        StopLimits { hook, calls: self.for_calls.map_or(hook, |calls| calls.min(hook)), flush }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn of(until_forced: Option<u32>, for_calls: Option<u32>, set: Option<u32>) -> [u128; 3] {
        let of = |time: Option<u32>| time.map(|time| time * MS);
        let times = StopTimes { until_forced: of(until_forced), for_calls: of(for_calls) };
        let StopLimits { hook, calls, flush } = times.limits(of(set));
        [hook, calls, flush].map(|time| time.as_millis())
    }

    #[test]
    fn the_host_has_its_answer_before_it_uses_force() {
        assert_eq!(of(Some(20_000), None, None), [19_500, 19_500, 250]);
        assert_eq!(of(Some(200), None, None), [150, 150, 25]);
        assert_eq!(of(Some(0), None, None), [0, 0, 0]);
    }

    #[test]
    fn a_stop_takes_no_longer_than_the_plugin_has_set() {
        assert_eq!(of(None, None, None), [5000, 5000, 1000]);
        assert_eq!(of(None, None, Some(20)), [20, 20, 1000]);
        assert_eq!(of(Some(20_000), None, Some(20)), [20, 20, 1000]);
        assert_eq!(of(Some(200), None, Some(20_000)), [150, 150, 25]);
    }

    #[test]
    fn calls_may_have_less_time_than_the_hook() {
        assert_eq!(of(Some(20_000), Some(0), None), [19_500, 0, 250]);
        assert_eq!(of(None, Some(100), None), [5000, 100, 1000]);
        assert_eq!(of(Some(200), Some(20_000), None), [150, 150, 25]);
    }
}
