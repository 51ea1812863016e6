//! Whether and when a plugin is started again after it has ended: the settings.
//!
//! The terms are Erlang/OTP's: a permanent plugin is always restarted, a transient plugin
//! unless it ended with success, a temporary plugin never. After more restarts than the
//! intensity allows, the plugin stays stopped.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::limits;

/// The exit status with which shells and this library report a program that could not be run.
const CANNOT_RUN: i32 = 127;

/// Whether, when and how often a plugin is started again after it has ended, or after its start has
/// failed. Part of a [`Policy`](crate::host::Policy).
///
/// A start that fails is treated as systemd's `Restart=on-failure` does: permanent and transient
/// plugins are started again, also after the first start, whether the registry has started the plugin
/// by itself or somebody has loaded it. A load gets the error of the first try, and the further tries go
/// on behind it; a call that comes meanwhile waits for them, and `unload` ends them. A temporary plugin
/// is started again only when it is loaded again or its files change. What is wrong with the files
/// themselves, an [`Error::Rejected`](crate::Error::Rejected), is not tried again at a first start until
/// they change.
///
/// If the host is short of something that passes, such as descriptors, a registry that discovers by
/// itself tries again whatever the policy says, with the waits of the policy, and does not count that
/// as a restart.
///
/// ```
/// use std::time::Duration;
///
/// let restart = goplug::Restart::transient()
///     .backoff(Duration::from_millis(50), Duration::from_secs(30))
///     .intensity(5, Duration::from_secs(60))
///     .never_after([78]); // EX_CONFIG: a further start would end the same way
/// # let _ = restart;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a restart policy does nothing unless it is given to a plugin's policy"]
pub struct Restart {
    pub(in crate::host) kind: RestartKind,
    /// The wait before the first restart in a row.
    pub(in crate::host) first_delay: Duration,
    /// The longest wait before a restart.
    pub(in crate::host) max_delay: Duration,
    /// How many restarts there may be within the window.
    pub(in crate::host) max_restarts: usize,
    pub(in crate::host) window: Duration,
    pub(in crate::host) reset_after: Duration,
    pub(in crate::host) final_codes: BTreeSet<i32>,
}

/// Which exits lead to a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum RestartKind {
    /// Every exit.
    Permanent,
    /// Every exit but a success.
    Transient,
    /// No exit.
    Temporary,
}

impl Restart {
    fn new(kind: RestartKind) -> Self {
        Self {
            kind,
            first_delay: limits::RESTART_MIN_DELAY,
            max_delay: limits::RESTART_MAX_DELAY,
            max_restarts: limits::MAX_RESTARTS,
            window: limits::RESTART_WINDOW,
            reset_after: limits::RESTART_RESET_AFTER,
            final_codes: BTreeSet::from([CANNOT_RUN]),
        }
    }

    /// The plugin is always started again, whatever its exit.
    pub fn permanent() -> Self {
        Self::new(RestartKind::Permanent)
    }

    /// The plugin is started again unless it exited by itself with status 0.
    ///
    /// If another part of the host's process takes the exit status (it ignores `SIGCHLD`, or waits
    /// for all children), Linux 6.15 and later still tell it. Before that it is unknown, which counts
    /// as a failure.
    pub fn transient() -> Self {
        Self::new(RestartKind::Transient)
    }

    /// The plugin is started again only when it is loaded again: the default.
    pub fn temporary() -> Self {
        Self::new(RestartKind::Temporary)
    }

    /// How long to wait before the first restart in a row. Each further wait is
    /// [`limits::RESTART_FACTOR`] times as long, up to `longest`. A random time of up to the
    /// wait itself is added, so that plugins that crashed together do not restart together.
    /// [`limits::RESTART_MIN_DELAY`] and [`limits::RESTART_MAX_DELAY`] unless set.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        let first = first.min(limits::MAX_DURATION);
        self.first_delay = first;
        self.max_delay = longest.clamp(first, limits::MAX_DURATION);
        self
    }

    /// How many restarts there may be within this time. If one more were needed, the plugin
    /// stays stopped, and an event says why. [`limits::MAX_RESTARTS`] within
    /// [`limits::RESTART_WINDOW`] unless set.
    pub fn intensity(mut self, restarts: usize, within: Duration) -> Self {
        (self.max_restarts, self.window) = (restarts, within);
        self
    }

    /// How long an instance has to run until earlier restarts are forgotten: neither the wait
    /// nor the intensity counts them any more. [`limits::RESTART_RESET_AFTER`] unless set.
    pub fn reset_after(mut self, uptime: Duration) -> Self {
        self.reset_after = uptime;
        self
    }

    /// Exit statuses after which the plugin is not started again, for example that of a bad
    /// configuration. 127, a program that could not be run, is always among them.
    pub fn never_after(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.final_codes.extend(codes);
        self
    }
}

impl Restart {
    /// The same for a plugin that others run: this host connects to it again whatever its end was, and
    /// never gives up.
    pub(in crate::host) fn of_remote(&self) -> Self {
        let kind = RestartKind::Permanent;
        Self { kind, max_restarts: usize::MAX, final_codes: BTreeSet::new(), ..self.clone() }
    }
}

impl Default for Restart {
    fn default() -> Self {
        Self::temporary()
    }
}
