//! Decides whether and when a plugin whose process ended is started again.
//!
//! The decision needs neither I/O nor a clock, so that tests are simple and exact. The policy
//! holds the settings; the history counts the restarts so far.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use backon::BackoffBuilder;

use crate::host::instance::Exit;
use crate::host::policy::{Restart, RestartKind};
use crate::limits;

/// Whether a plugin is restarted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RestartDecision {
    /// The plugin is restarted after this time.
    RestartAfter(Duration),
    /// The plugin stays stopped, as its policy says.
    StayStopped,
    /// The plugin stays stopped for this reason, although its policy asks for restarts.
    GiveUp(String),
}

/// The restarts of one plugin so far.
#[derive(Debug, Default)]
pub(super) struct RestartHistory {
    /// When the restarts within the policy's window were decided.
    recent: VecDeque<Instant>,
    /// The number of restarts since the last reset, which the next wait depends on.
    consecutive: usize,
    /// The number of starts since the last reset for which the host was short of something.
    shortages: usize,
}

impl RestartHistory {
    /// Decides after the exit of an instance that lasted for `uptime`.
    pub(super) fn after_exit(
        &mut self,
        policy: &Restart,
        exit: &Exit,
        uptime: Duration,
        now: Instant,
    ) -> RestartDecision {
        if uptime >= policy.reset_after {
            self.reset();
        }
        match (policy.kind, exit.code) {
            (RestartKind::Temporary, _) | (RestartKind::Transient, Some(0)) => {
                RestartDecision::StayStopped
            }
            (_, Some(code)) if policy.final_codes.contains(&code) => {
                RestartDecision::GiveUp(format!("{} means that a restart is no use", exit.status))
            }
            _ => self.restart_or_give_up(policy, &exit.status, now),
        }
    }

    /// Decides after a start that failed for this reason. The code is that of the process, if it
    /// exited.
    pub(super) fn after_failed_start(
        &mut self,
        policy: &Restart,
        reason: &str,
        code: Option<i32>,
        now: Instant,
    ) -> RestartDecision {
        match (policy.kind, code) {
            (RestartKind::Temporary, _) => RestartDecision::StayStopped,
            (_, Some(code)) if policy.final_codes.contains(&code) => {
                RestartDecision::GiveUp(format!("a restart is no use: {reason}"))
            }
            (RestartKind::Permanent | RestartKind::Transient, _) => {
                self.restart_or_give_up(policy, reason, now)
            }
        }
    }

    /// The wait before the next try of a start for which the host was short of something. Such
    /// starts are not counted as restarts: they say nothing about the plugin.
    pub(super) fn after_shortage(&mut self, policy: &Restart) -> Duration {
        let wait = wait(policy, self.shortages).max(limits::SHORTAGE_MIN_DELAY);
        self.shortages += 1;
        wait
    }

    /// Forgets the restarts so far.
    pub(super) fn reset(&mut self) {
        self.recent.clear();
        (self.consecutive, self.shortages) = (0, 0);
    }

    fn restart_or_give_up(
        &mut self,
        policy: &Restart,
        reason: &str,
        now: Instant,
    ) -> RestartDecision {
        while self.recent.front().is_some_and(|then| now - *then > policy.window) {
            self.recent.pop_front();
        }
        if self.recent.len() >= policy.max_restarts {
            let (restarts, within) = (policy.max_restarts, policy.window);
            return RestartDecision::GiveUp(format!(
                "{restarts} restarts within {within:?} were not enough; the last reason: {reason}"
            ));
        }
        self.recent.push_back(now);
        let wait = wait(policy, self.consecutive);
        self.consecutive += 1;
        RestartDecision::RestartAfter(wait)
    }
}

/// The wait before a restart, after this many restarts in a row.
fn wait(policy: &Restart, preceding: usize) -> Duration {
    let mut waits = backon::ExponentialBuilder::default()
        .with_min_delay(policy.first_delay)
        .with_max_delay(policy.max_delay)
        .with_factor(limits::RESTART_FACTOR)
        .with_jitter()
        .without_max_times()
        .build();
    // After 64 restarts every wait is the longest: the iterator need not be driven further.
    waits.nth(preceding.min(64)).unwrap_or(policy.max_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(code: i32) -> Exit {
        Exit { status: format!("exit status: {code}"), code: Some(code), stderr: Vec::new() }
    }

    fn killed() -> Exit {
        Exit { status: "signal: 9 (SIGKILL)".into(), code: None, stderr: Vec::new() }
    }

    /// The decision after the exit of a first, short-lived instance.
    fn first(policy: &Restart, exit: &Exit) -> RestartDecision {
        RestartHistory::default().after_exit(policy, exit, Duration::ZERO, Instant::now())
    }

    fn is_restart(decision: &RestartDecision) -> bool {
        matches!(decision, RestartDecision::RestartAfter(_))
    }

    #[test]
    fn each_kind_of_restart_covers_the_exits_that_it_names() {
        assert!(is_restart(&first(&Restart::permanent(), &exit(0))));
        assert!(is_restart(&first(&Restart::permanent(), &killed())));
        assert_eq!(first(&Restart::transient(), &exit(0)), RestartDecision::StayStopped);
        assert!(is_restart(&first(&Restart::transient(), &exit(1))));
        assert!(is_restart(&first(&Restart::transient(), &killed())));
        assert_eq!(first(&Restart::temporary(), &killed()), RestartDecision::StayStopped);
    }

    #[test]
    fn an_exit_status_can_forbid_the_restart() {
        let policy = Restart::permanent().never_after([78]);
        let reason = "exit status: 78 means that a restart is no use";
        assert_eq!(first(&policy, &exit(78)), RestartDecision::GiveUp(reason.into()));
        assert!(matches!(first(&policy, &exit(127)), RestartDecision::GiveUp(_)));
    }

    #[test]
    fn the_wait_grows_up_to_the_longest() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(5));
        let policy = Restart::permanent().backoff(first, longest);
        let waits: Vec<_> = (0..5).map(|preceding| wait(&policy, preceding)).collect();
        for (wait, base) in waits.iter().zip([100, 500, 2500, 5000, 5000]) {
            let base = Duration::from_millis(base);
            assert!((base..=base * 2).contains(wait), "{waits:?}");
        }
    }

    #[test]
    fn more_restarts_than_allowed_within_the_time_are_given_up() {
        let policy = Restart::permanent().intensity(2, Duration::from_secs(10));
        let (mut history, now) = (RestartHistory::default(), Instant::now());
        let mut crash = |at| {
            let at = now + Duration::from_secs(at);
            history.after_exit(&policy, &killed(), Duration::ZERO, at)
        };
        assert!(is_restart(&crash(0)));
        assert!(is_restart(&crash(1)));
        assert!(is_restart(&crash(11)));
        let RestartDecision::GiveUp(reason) = crash(11) else { panic!("the plugin is restarted") };
        assert_eq!(
            reason,
            "2 restarts within 10s were not enough; the last reason: signal: 9 (SIGKILL)"
        );
    }

    #[test]
    fn an_instance_that_lasts_resets_the_restarts_before_it() {
        let policy = Restart::permanent().intensity(1, Duration::from_secs(100));
        let policy = policy.reset_after(Duration::from_secs(5));
        let (mut history, now) = (RestartHistory::default(), Instant::now());
        let mut crash =
            |seconds| history.after_exit(&policy, &killed(), Duration::from_secs(seconds), now);
        assert!(is_restart(&crash(1)));
        assert!(is_restart(&crash(5)));
        assert!(matches!(crash(1), RestartDecision::GiveUp(_)));
    }

    #[test]
    fn a_start_that_fails_counts_as_a_restart() {
        let policy = Restart::transient().intensity(1, Duration::from_secs(10));
        let (mut history, now) = (RestartHistory::default(), Instant::now());
        assert!(is_restart(&history.after_exit(&policy, &killed(), Duration::ZERO, now)));
        let decision = history.after_failed_start(&policy, "no such program", None, now);
        assert!(
            matches!(decision, RestartDecision::GiveUp(reason) if reason.ends_with("no such program"))
        );
    }

    #[test]
    fn a_start_that_ends_with_a_final_status_is_given_up_unless_nothing_is_restarted() {
        let after = |policy: Restart, code| {
            RestartHistory::default().after_failed_start(&policy, "78", Some(code), Instant::now())
        };
        let permanent = || Restart::permanent().never_after([78]);
        assert!(matches!(after(permanent(), 78), RestartDecision::GiveUp(_)));
        assert!(is_restart(&after(permanent(), 1)));
        assert!(is_restart(&after(Restart::transient(), 0)));
        let temporary = Restart::temporary().never_after([78]);
        assert_eq!(after(temporary, 78), RestartDecision::StayStopped);
    }

    #[test]
    fn a_shortage_is_waited_for_ever_longer_and_counts_as_no_restart() {
        let policy = Restart::permanent().intensity(1, Duration::from_secs(10));
        let policy = policy.backoff(Duration::from_millis(5), Duration::from_secs(1));
        let mut history = RestartHistory::default();
        let waits: Vec<_> = (0..100).map(|_| history.after_shortage(&policy)).collect();
        assert!(waits[0] >= limits::SHORTAGE_MIN_DELAY, "{waits:?}");
        assert!(waits[99] >= Duration::from_secs(1), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(2)), "{waits:?}");
        let now = Instant::now();
        assert!(is_restart(&history.after_exit(&policy, &killed(), Duration::ZERO, now)));
    }
}
