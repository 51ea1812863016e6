//! The health check: whether a plugin that runs also answers.
//!
//! A process can run and yet serve nobody: stopped, deadlocked, spinning. The check is a
//! `Ping`, which the plugin's serving loop answers without any of its author's code.

use std::time::Duration;

use crate::limits;

/// How a plugin's health is checked: a ping at every interval. Part of a
/// [`Policy`](crate::host::Policy).
///
/// A plugin that leaves `failures` pings in a row without an answer is killed, and counts as
/// crashed. The plugin's serving loop answers the pings. It cannot answer while a method blocks
/// the plugin's only thread: then the timeout has to be generous, or the plugin needs more
/// threads.
///
/// ```
/// use std::time::Duration;
///
/// let health = goplug::HealthCheck::default()
///     .interval(Duration::from_secs(5))
///     .timeout(Duration::from_secs(1))
///     .failures(2);
/// # let _ = health;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a health check does nothing unless it is given to a plugin's policy"]
pub struct HealthCheck {
    pub(in crate::host) interval: Duration,
    pub(in crate::host) timeout: Duration,
    pub(in crate::host) failures: u32,
}

impl Default for HealthCheck {
    /// [`limits::HEALTH_INTERVAL`], [`limits::HEALTH_TIMEOUT`] and
    /// [`limits::HEALTH_FAILURES`].
    fn default() -> Self {
        Self {
            interval: limits::HEALTH_INTERVAL,
            timeout: limits::HEALTH_TIMEOUT,
            failures: limits::HEALTH_FAILURES,
        }
    }
}

impl HealthCheck {
    /// The time between two pings; at least one millisecond.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(Duration::from_millis(1), limits::MAX_DURATION);
        self
    }

    /// How long the answer to a ping may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many pings in a row have to fail before the plugin is killed; at least one.
    pub fn failures(mut self, failures: u32) -> Self {
        self.failures = failures.max(1);
        self
    }
}
