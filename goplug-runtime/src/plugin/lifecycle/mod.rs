//! From activation to the end: which phase a plugin is in, and what is still in flight.
//!
//! A host that says who it is when it activates the plugin is *attached* for as long as the
//! connection of that request is open. Once the last attached host is gone, the plugin is
//! deactivated: its stop hook runs, and the next host activates it again. If somebody activated it
//! without saying who, such as a person with `curl`, it stays active until it is stopped.
//!
//! The phase and the number of calls in flight are one watched value. So "is the plugin
//! active" and "one more call is in flight" are one step, and no stop can come in between.
//! Nothing here spawns a task: code that waits for a phase waits in its own task.

mod state;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::coop::unconstrained;

pub(super) use self::state::Phase;
use self::state::{Condition, State};

use super::problems::{not_active, stopping};
use super::select::within;
use super::stop_times::{StopLimits, StopTimes};
use crate::error::RemoteError;
use crate::limits;
use crate::panic::catch_panic;
use crate::protocol::{Problem, ProblemKind};

/// The phase of one plugin.
#[derive(Debug)]
pub(super) struct Lifecycle(watch::Sender<State>);

impl Lifecycle {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::new()))
    }

    pub(super) fn phase(&self) -> Phase {
        self.0.borrow().phase
    }

    /// Moves on to this phase, unless a later one has been reached.
    pub(super) fn advance(&self, phase: Phase) {
        self.change(&mut |state| {
            let later = phase > state.phase;
            if later {
                state.phase = phase;
            }
            later
        });
    }

    /// Notes that the server's task has panicked.
    pub(super) fn fail(&self) {
        self.change(&mut |state| {
            state.has_failed = true;
            true
        });
    }

    /// Whether the server's task has panicked.
    pub(super) fn has_failed(&self) -> bool {
        self.0.borrow().has_failed
    }

    /// Waits until this phase or a later one is reached. Cancel safe.
    pub(super) fn reached(&self, phase: Phase) -> impl Future<Output = ()> {
        self.wait(Condition::Reached(phase))
    }

    /// Waits for `work`; `None` if the phase is reached before that. Cancel safe if `work` is.
    ///
    /// For work that is polled for every call: a poll asks for the phase only if the state has
    /// changed.
    pub(super) async fn until<F: Future>(&self, phase: Phase, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        // Without the budget of the task: a poll that lacks it would not wait for the phase.
        let mut reached = pin!(unconstrained(self.reached(phase)));
        let mut seen = self.0.subscribe();
        let mut waiting: Option<Waker> = None;
        poll_fn(|cx| {
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            let waits = waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
            if waits && matches!(seen.has_changed(), Ok(false)) {
                return Poll::Pending;
            }
            // Before the poll: a change in between is seen by that or by the next one.
            seen.mark_unchanged();
            waiting = Some(cx.waker().clone());
            reached.as_mut().poll(cx).map(|()| None)
        })
        .await
    }

    /// Waits until no call is in flight. Cancel safe.
    pub(super) fn none_in_flight(&self) -> impl Future<Output = ()> {
        self.wait(Condition::NoneInFlight)
    }

    /// Waits until every request to stop has been answered. Cancel safe.
    pub(super) fn stop_requests_answered(&self) -> impl Future<Output = ()> {
        self.wait(Condition::StopsAnswered)
    }

    async fn wait(&self, condition: Condition) {
        // This fails only once the sender is dropped, and `self` holds it.
        let _ = self.0.subscribe().wait_for(|state| condition.is_met(state)).await;
    }

    /// Changes the state, and wakes those who wait if `change` says so. For everything that no call
    /// does: the channel's code to change the state is in the program once for all of these.
    fn change(&self, change: &mut dyn FnMut(&mut State) -> bool) -> bool {
        self.0.send_if_modified(change)
    }

    /// What the stop may take, for a plugin that has set this stop timeout.
    pub(super) fn stop_limits(&self, set: Option<Duration>) -> StopLimits {
        self.0.borrow().stop_times.limits(set)
    }

    /// Whether the activation hook has succeeded.
    pub(super) fn was_activated(&self) -> bool {
        self.0.borrow().activated
    }

    /// Begins a call, which counts as in flight until the guard is dropped.
    ///
    /// # Errors
    /// A problem if the plugin is not active.
    pub(super) fn begin_call(self: &Arc<Self>) -> Result<CallGuard, Problem> {
        let mut phase = Phase::Idle;
        self.0.send_if_modified(|state| {
            phase = state.phase;
            state.in_flight += usize::from(phase == Phase::Active);
            false
        });
        match phase {
            Phase::Active => Ok(CallGuard(self.clone())),
            Phase::Idle | Phase::Activating | Phase::Deactivating => Err(not_active()),
            _ => Err(stopping()),
        }
    }

    /// Activates the plugin, unless it is active already. If several requests do so at the
    /// same time, one of them runs the hook and the others wait for it.
    ///
    /// Dropping the future drops the hook, and the plugin stays inactive.
    ///
    /// # Errors
    /// A problem with the hook's error or panic, or a problem that says that the plugin is
    /// stopping.
    pub(super) async fn activate<F>(
        self: &Arc<Self>,
        hook: impl FnOnce() -> F,
    ) -> Result<(), Problem>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let activation = loop {
            match self.begin_activation() {
                Phase::Idle => break HookGuard(self),
                phase @ (Phase::Activating | Phase::Deactivating) => {
                    self.wait(Condition::Left(phase)).await;
                }
                Phase::Active => return Ok(()),
                _ => return Err(stopping()),
            }
        };
        match catch_panic(async { hook().await }).await {
            Ok(Ok(())) => activation.succeed(),
            Ok(Err(error)) => Err(Problem::new(
                ProblemKind::Internal,
                format!("the activation failed: {:#}", RemoteError::from(&error)),
            )),
            Err(panic) => Err(Problem::new(
                ProblemKind::Internal,
                format!("the activation hook panicked: {panic}"),
            )),
        }
    }

    /// Goes from idle to activating. Returns the phase before that.
    fn begin_activation(&self) -> Phase {
        let mut before = Phase::Idle;
        self.change(&mut |state| {
            before = state.phase;
            if before == Phase::Idle {
                state.phase = Phase::Activating;
                // The hook is a call in flight too: a stop waits for it.
                state.in_flight += 1;
            }
            before == Phase::Idle
        });
        before
    }

    /// Notes that a host activates the plugin. It is attached until the end of this connection.
    pub(super) fn attach(&self, connection: u64) {
        self.change(&mut |state| {
            let was_abandoned = state.is_abandoned();
            if !state.hosts.contains(&connection) {
                state.hosts.push(connection);
            }
            was_abandoned
        });
    }

    /// Notes that somebody activates the plugin whose end will not be noticed. Until the guard is
    /// dropped the plugin is not deactivated, and after [`PinGuard::keep`] it never is.
    pub(super) fn begin_pin(&self) -> PinGuard<'_> {
        self.change(&mut |state| {
            let was_abandoned = state.is_abandoned();
            state.pins += 1;
            was_abandoned
        });
        PinGuard(self)
    }

    /// Notes that a connection has ended, and with it perhaps a host.
    pub(super) fn detach(&self, connection: u64) {
        self.change(&mut |state| {
            let hosts = state.hosts.len();
            state.hosts.retain(|host| *host != connection);
            state.hosts.len() < hosts && state.hosts.is_empty()
        });
    }

    /// Waits until the plugin is active and its last attached host has been gone for
    /// [`limits::HOST_GRACE`], and begins to deactivate it. The plugin is idle when the guard is
    /// dropped. Cancel safe.
    pub(super) async fn deactivation(&self) -> HookGuard<'_> {
        loop {
            self.wait(Condition::Abandoned).await;
            let returned = pin!(self.wait(Condition::Returned));
            if within(limits::HOST_GRACE, returned).await.is_ok() {
                continue;
            }
            // A host may have come in between.
            let begun = self.change(&mut |state| {
                let begins = state.is_abandoned();
                if begins {
                    state.phase = Phase::Deactivating;
                    state.activated = false;
                    // As at an activation.
                    state.in_flight += 1;
                }
                begins
            });
            if begun {
                return HookGuard(self);
            }
        }
    }

    /// Asks the plugin to stop. The request counts as unanswered until the guard is dropped.
    /// The first request says how long the stop may take.
    pub(super) fn request_stop(self: &Arc<Self>, times: StopTimes) -> StopGuard {
        self.change(&mut |state| {
            state.stop_requests += 1;
            if state.phase < Phase::Stopping {
                state.stop_times = times;
            }
            false
        });
        self.advance(Phase::Stopping);
        StopGuard(self.clone())
    }
}

/// An activation by somebody whose end will not be noticed. If it fails, or is given up, it leaves
/// nothing behind.
pub(super) struct PinGuard<'a>(&'a Lifecycle);

impl PinGuard<'_> {
    /// The activation has succeeded: the plugin stays active until it is stopped.
    pub(super) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for PinGuard<'_> {
    fn drop(&mut self) {
        self.0.change(&mut |state| {
            state.pins -= 1;
            state.is_abandoned()
        });
    }
}

/// A hook while it runs, before the plugin is to stop. Dropping the guard without
/// [`HookGuard::succeed`] makes the plugin idle.
pub(super) struct HookGuard<'a>(&'a Lifecycle);

impl HookGuard<'_> {
    /// The activation hook has succeeded: the plugin is active.
    fn succeed(self) -> Result<(), Problem> {
        let mut active = false;
        self.0.change(&mut |state| {
            state.activated = true;
            active = state.phase == Phase::Activating;
            if active {
                state.phase = Phase::Active;
            }
            true
        });
        if active { Ok(()) } else { Err(stopping()) }
    }
}

impl Drop for HookGuard<'_> {
    fn drop(&mut self) {
        self.0.change(&mut |state| {
            state.in_flight -= 1;
            if matches!(state.phase, Phase::Activating | Phase::Deactivating) {
                state.phase = Phase::Idle;
            }
            true
        });
    }
}

/// Counts a call as in flight. It is dropped once the response has been written.
#[derive(Debug)]
pub(super) struct CallGuard(Arc<Lifecycle>);

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.0.send_if_modified(|state| {
            state.in_flight -= 1;
            state.in_flight == 0 && state.phase >= Phase::Stopping
        });
    }
}

/// Counts a request to stop as unanswered. It is dropped once the response has been written.
#[derive(Debug)]
pub(super) struct StopGuard(Arc<Lifecycle>);

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.change(&mut |state| {
            state.stop_requests -= 1;
            state.stop_requests == 0
        });
    }
}
