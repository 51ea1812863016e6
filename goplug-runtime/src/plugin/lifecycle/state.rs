//! The state that is watched, and what can be waited for.

use crate::plugin::stop_times::StopTimes;

/// How far a plugin has come. A later phase compares as greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plugin) enum Phase {
    /// It answers, but no host has activated it.
    Idle,
    /// The activation hook is running.
    Activating,
    /// Its last host is gone, and the stop hook is running.
    Deactivating,
    /// It takes calls.
    Active,
    /// It takes no further calls; those in flight may finish.
    Stopping,
    /// The time for a stop is over: calls still in flight are cut off.
    CuttingOff,
    /// Nothing is in flight, and its files are removed: requests to stop are answered.
    Drained,
    /// Its connections are being closed.
    Closing,
    /// The server's task has ended.
    Stopped,
}

/// What is watched.
#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Whether the stop hook has something to undo.
    pub(super) activated: bool,
    /// Calls, and a hook that runs before the plugin is to stop.
    pub(super) in_flight: usize,
    /// The connections of the attached hosts.
    pub(super) hosts: Vec<u64>,
    /// Activations by somebody whose end will not be noticed: those that have begun, and those that
    /// have succeeded.
    pub(super) pins: usize,
    /// How long the stop may take.
    pub(super) stop_times: StopTimes,
    /// Requests to stop that have not been answered.
    pub(super) stop_requests: usize,
    /// Whether the server's task has panicked.
    pub(super) has_failed: bool,
}

/// What a task waits for. They are values of one type, so that the channel's code to wait is in the
/// program once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    /// This phase, or a later one.
    Reached(Phase),
    /// Another phase than this one.
    Left(Phase),
    /// The plugin is active, and no host is attached.
    Abandoned,
    /// The opposite of that.
    Returned,
    NoneInFlight,
    StopsAnswered,
}

impl Condition {
    pub(super) fn is_met(self, state: &State) -> bool {
        match self {
            Self::Reached(phase) => state.phase >= phase,
            Self::Left(phase) => state.phase != phase,
            Self::Abandoned => state.is_abandoned(),
            Self::Returned => !state.is_abandoned(),
            Self::NoneInFlight => state.in_flight == 0,
            Self::StopsAnswered => state.stop_requests == 0,
        }
    }
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Idle,
            activated: false,
            in_flight: 0,
            hosts: Vec::new(),
            pins: 0,
            stop_times: StopTimes::default(),
            stop_requests: 0,
            has_failed: false,
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.phase == Phase::Active && self.hosts.is_empty() && self.pins == 0
    }
}
