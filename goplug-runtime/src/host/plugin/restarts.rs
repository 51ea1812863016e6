//! Whether and when a plugin that died is started again: the decision.
//!
//! It is made without I/O or clock, so that it can be tested as what it is. The policy says
//! what is wanted; this counts what has been.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use backon::BackoffBuilder;

use crate::host::instance::Exit;
use crate::host::policy::{Restart, RestartKind};
use crate::limits;

/// What becomes of a plugin that died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is started again after this time.
    Restart(Duration),
    /// It stays stopped, as its policy says.
    Stay,
    /// It stays stopped although its policy would have it run, for this reason.
    GiveUp(String),
}

/// The restarts of one plugin so far.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    recent: VecDeque<Instant>,
    in_a_row: usize,
}

impl Restarts {
    /// What follows the exit of an instance that lasted for `uptime`.
    pub(super) fn after_exit(
        &mut self,
        policy: &Restart,
        exit: &Exit,
        uptime: Duration,
        now: Instant,
    ) -> Verdict {
        if uptime >= policy.reset_after {
            self.forget();
        }
        match (policy.kind, exit.code) {
            (RestartKind::Temporary, _) | (RestartKind::Transient, Some(0)) => Verdict::Stay,
            (_, Some(code)) if policy.final_codes.contains(&code) => {
                Verdict::GiveUp(format!("{} means that a restart is no use", exit.status))
            }
            _ => self.once_more(policy, &exit.status, now),
        }
    }

    /// What follows a start that failed for this reason.
    pub(super) fn after_failed_start(
        &mut self,
        policy: &Restart,
        reason: &str,
        now: Instant,
    ) -> Verdict {
        match policy.kind {
            RestartKind::Temporary => Verdict::Stay,
            RestartKind::Permanent | RestartKind::Transient => self.once_more(policy, reason, now),
        }
    }

    /// Forgets the restarts so far: somebody loaded the plugin.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
        self.in_a_row = 0;
    }

    fn once_more(&mut self, policy: &Restart, reason: &str, now: Instant) -> Verdict {
        while self.recent.front().is_some_and(|then| now - *then > policy.within) {
            self.recent.pop_front();
        }
        if self.recent.len() >= policy.restarts {
            let (restarts, within) = (policy.restarts, policy.within);
            return Verdict::GiveUp(format!(
                "{restarts} restarts within {within:?} were not enough; the last reason: {reason}"
            ));
        }
        self.recent.push_back(now);
        let wait = wait(policy, self.in_a_row);
        self.in_a_row += 1;
        Verdict::Restart(wait)
    }
}

/// The wait before a restart that this many restarts precede in a row.
fn wait(policy: &Restart, preceded: usize) -> Duration {
    let mut waits = backon::ExponentialBuilder::default()
        .with_min_delay(policy.first)
        .with_max_delay(policy.longest)
        .with_factor(limits::RESTART_FACTOR)
        .with_jitter()
        .without_max_times()
        .build();
    // Far out every wait is the longest: no need to count on.
    waits.nth(preceded.min(64)).unwrap_or(policy.longest)
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

    /// The verdict on the first instance, which was short-lived.
    fn first(policy: &Restart, exit: &Exit) -> Verdict {
        Restarts::default().after_exit(policy, exit, Duration::ZERO, Instant::now())
    }

    fn is_restart(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Restart(_))
    }

    #[test]
    fn each_kind_restarts_what_it_says() {
        assert!(is_restart(&first(&Restart::permanent(), &exit(0))));
        assert!(is_restart(&first(&Restart::permanent(), &killed())));
        assert_eq!(first(&Restart::transient(), &exit(0)), Verdict::Stay);
        assert!(is_restart(&first(&Restart::transient(), &exit(1))));
        assert!(is_restart(&first(&Restart::transient(), &killed())));
        assert_eq!(first(&Restart::temporary(), &killed()), Verdict::Stay);
    }

    #[test]
    fn an_exit_status_can_forbid_the_restart() {
        let policy = Restart::permanent().never_after([78]);
        let reason = "exit status: 78 means that a restart is no use";
        assert_eq!(first(&policy, &exit(78)), Verdict::GiveUp(reason.into()));
        assert!(matches!(first(&policy, &exit(127)), Verdict::GiveUp(_)));
    }

    #[test]
    fn the_wait_grows_up_to_the_longest() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(5));
        let policy = Restart::permanent().backoff(first, longest);
        let waits: Vec<_> = (0..5).map(|preceded| wait(&policy, preceded)).collect();
        for (wait, base) in waits.iter().zip([100, 500, 2500, 5000, 5000]) {
            let base = Duration::from_millis(base);
            assert!((base..=base * 2).contains(wait), "{waits:?}");
        }
    }

    #[test]
    fn too_many_restarts_within_the_time_are_the_last() {
        let policy = Restart::permanent().intensity(2, Duration::from_secs(10));
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        let mut crash = |at| {
            let at = now + Duration::from_secs(at);
            restarts.after_exit(&policy, &killed(), Duration::ZERO, at)
        };
        assert!(is_restart(&crash(0)));
        assert!(is_restart(&crash(1)));
        assert!(is_restart(&crash(11)));
        let Verdict::GiveUp(reason) = crash(11) else { panic!("it goes on") };
        assert_eq!(
            reason,
            "2 restarts within 10s were not enough; the last reason: signal: 9 (SIGKILL)"
        );
    }

    #[test]
    fn an_instance_that_lasts_resets_the_restarts_before_it() {
        let policy = Restart::permanent().intensity(1, Duration::from_secs(100));
        let policy = policy.reset_after(Duration::from_secs(5));
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        let mut crash =
            |seconds| restarts.after_exit(&policy, &killed(), Duration::from_secs(seconds), now);
        assert!(is_restart(&crash(1)));
        assert!(is_restart(&crash(5)));
        assert!(matches!(crash(1), Verdict::GiveUp(_)));
    }

    #[test]
    fn a_start_that_fails_counts_as_a_restart() {
        let policy = Restart::transient().intensity(1, Duration::from_secs(10));
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        assert!(is_restart(&restarts.after_exit(&policy, &killed(), Duration::ZERO, now)));
        let verdict = restarts.after_failed_start(&policy, "no such program", now);
        assert!(matches!(verdict, Verdict::GiveUp(reason) if reason.ends_with("no such program")));
    }
}
