//! Whether and when a plugin that died is started again.
//!
//! The terms are Erlang/OTP's: a permanent plugin is always restarted, a transient one
//! unless it ended well, a temporary one never; and more restarts than the intensity allows
//! end the attempts. What is decided here is decided without I/O or clock, so that it can
//! be tested as what it is.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use backon::BackoffBuilder;

use super::service::Ending;
use crate::limits;

/// The exit status by which shells and this library say that a program could not be run.
const CANNOT_RUN: i32 = 127;

/// Whether, when and how often a plugin that died is started again. Part of a
/// [`Policy`](super::Policy).
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
    kind: Kind,
    first: Duration,
    longest: Duration,
    restarts: usize,
    within: Duration,
    sound_after: Duration,
    final_codes: BTreeSet<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Permanent,
    Transient,
    Temporary,
}

impl Restart {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            first: limits::RESTART_MIN_DELAY,
            longest: limits::RESTART_MAX_DELAY,
            restarts: limits::MAX_RESTARTS,
            within: limits::RESTART_WINDOW,
            sound_after: limits::RESTART_RESET_AFTER,
            final_codes: BTreeSet::from([CANNOT_RUN]),
        }
    }

    /// Always started again, however it ended.
    pub fn permanent() -> Self {
        Self::new(Kind::Permanent)
    }

    /// Started again unless it ended by itself with exit status 0.
    pub fn transient() -> Self {
        Self::new(Kind::Transient)
    }

    /// Started again only when somebody loads it: the default.
    pub fn temporary() -> Self {
        Self::new(Kind::Temporary)
    }

    /// How long to wait before the first restart in a row: each further wait is
    /// [`limits::RESTART_FACTOR`] times as long, up to `longest`, and a random part of as
    /// much again is added, so that plugins that fell together do not rise together.
    /// [`limits::RESTART_MIN_DELAY`] and [`limits::RESTART_MAX_DELAY`] unless set.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        let first = first.min(limits::MAX_DURATION);
        (self.first, self.longest) = (first, longest.clamp(first, limits::MAX_DURATION));
        self
    }

    /// How many restarts there may be within this time; one more, and the plugin stays
    /// stopped, with an event that says why. [`limits::MAX_RESTARTS`] within
    /// [`limits::RESTART_WINDOW`] unless set.
    pub fn intensity(mut self, restarts: usize, within: Duration) -> Self {
        (self.restarts, self.within) = (restarts, within);
        self
    }

    /// How long a run has to last for the restarts before it to be forgotten: neither the
    /// wait nor the intensity counts them any more. [`limits::RESTART_RESET_AFTER`] unless set.
    pub fn sound_after(mut self, run: Duration) -> Self {
        self.sound_after = run;
        self
    }

    /// Exit statuses after which it is not started again, such as that of a bad
    /// configuration. 127, a program that could not be run, is always one of them.
    pub fn never_after(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.final_codes.extend(codes);
        self
    }
}

impl Default for Restart {
    fn default() -> Self {
        Self::temporary()
    }
}

/// What becomes of a plugin that died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is started again after this time.
    Again(Duration),
    /// It stays as it is, which is what its policy says.
    Rest,
    /// It stays as it is though its policy would have it run, for this reason.
    GiveUp(String),
}

/// The restarts of one plugin so far.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    recent: VecDeque<Instant>,
    in_a_row: usize,
}

impl Restarts {
    /// A run that lasted for this long has ended like this.
    pub(super) fn after_run(
        &mut self,
        policy: &Restart,
        ending: &Ending,
        lasted: Duration,
        now: Instant,
    ) -> Verdict {
        if lasted >= policy.sound_after {
            self.forget();
        }
        match (policy.kind, ending.code) {
            (Kind::Temporary, _) | (Kind::Transient, Some(0)) => Verdict::Rest,
            (_, Some(code)) if policy.final_codes.contains(&code) => {
                Verdict::GiveUp(format!("{} means that a restart is no use", ending.status))
            }
            _ => self.once_more(policy, &ending.status, now),
        }
    }

    /// A start has failed for this reason.
    pub(super) fn after_failed_start(
        &mut self,
        policy: &Restart,
        reason: &str,
        now: Instant,
    ) -> Verdict {
        match policy.kind {
            Kind::Temporary => Verdict::Rest,
            Kind::Permanent | Kind::Transient => self.once_more(policy, reason, now),
        }
    }

    /// Somebody wants a fresh beginning.
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
        Verdict::Again(wait)
    }
}

/// The wait before a restart that so many have preceded in a row.
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

    fn exit(code: i32) -> Ending {
        Ending { status: format!("exit status: {code}"), code: Some(code), stderr: Vec::new() }
    }

    fn killed() -> Ending {
        Ending { status: "signal: 9 (SIGKILL)".into(), code: None, stderr: Vec::new() }
    }

    /// The verdict on the first run, which was short.
    fn first(policy: &Restart, ending: &Ending) -> Verdict {
        Restarts::default().after_run(policy, ending, Duration::ZERO, Instant::now())
    }

    fn is_again(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Again(_))
    }

    #[test]
    fn each_kind_restarts_what_it_says() {
        assert!(is_again(&first(&Restart::permanent(), &exit(0))));
        assert!(is_again(&first(&Restart::permanent(), &killed())));
        assert_eq!(first(&Restart::transient(), &exit(0)), Verdict::Rest);
        assert!(is_again(&first(&Restart::transient(), &exit(1))));
        assert!(is_again(&first(&Restart::transient(), &killed())));
        assert_eq!(first(&Restart::temporary(), &killed()), Verdict::Rest);
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
            restarts.after_run(&policy, &killed(), Duration::ZERO, at)
        };
        assert!(is_again(&crash(0)));
        assert!(is_again(&crash(1)));
        assert!(is_again(&crash(11)));
        let Verdict::GiveUp(reason) = crash(11) else { panic!("it goes on") };
        assert_eq!(
            reason,
            "2 restarts within 10s were not enough; the last reason: signal: 9 (SIGKILL)"
        );
    }

    #[test]
    fn a_sound_run_makes_the_restarts_before_it_forgotten() {
        let policy = Restart::permanent().intensity(1, Duration::from_secs(100));
        let policy = policy.sound_after(Duration::from_secs(5));
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        let mut crash =
            |seconds| restarts.after_run(&policy, &killed(), Duration::from_secs(seconds), now);
        assert!(is_again(&crash(1)));
        assert!(is_again(&crash(5)));
        assert!(matches!(crash(1), Verdict::GiveUp(_)));
    }

    #[test]
    fn a_start_that_fails_counts_as_a_restart() {
        let policy = Restart::transient().intensity(1, Duration::from_secs(10));
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        assert!(is_again(&restarts.after_run(&policy, &killed(), Duration::ZERO, now)));
        let verdict = restarts.after_failed_start(&policy, "no such program", now);
        assert!(matches!(verdict, Verdict::GiveUp(reason) if reason.ends_with("no such program")));
    }
}
