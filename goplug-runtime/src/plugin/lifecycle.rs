//! From activation to the end: which phase a plugin is in, and what still runs.
//!
//! Phase and count of calls live in one watched value, so that "is it active" and "one
//! more call is running" are one step, and a stop cannot slip in between. Nothing here
//! spawns: whoever waits for a phase does so in a task of its own.

use std::sync::Arc;

use tokio::sync::watch;

use super::race::catch_panic;
use crate::error::RemoteError;
use crate::protocol::{Problem, ProblemKind};

/// How far a plugin has come. A later phase is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It answers, but nobody has activated it.
    Idle,
    /// The activation hook is running.
    Activating,
    /// It takes calls.
    Active,
    /// It takes no further calls; those in flight may finish.
    Stopping,
    /// The grace period is over: calls still in flight are cut off.
    Cut,
    /// Nothing is in flight, and its files are gone: whoever asked it to stop is told.
    Drained,
    /// Connections end.
    Closing,
    /// There is nothing left of it.
    Stopped,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Whether the stop hook has something to undo.
    activated: bool,
    in_flight: usize,
    stoppers: usize,
}

/// The phase of one plugin.
#[derive(Debug)]
pub(super) struct Lifecycle(watch::Sender<State>);

impl Lifecycle {
    pub(super) fn new() -> Self {
        let state = State { phase: Phase::Idle, activated: false, in_flight: 0, stoppers: 0 };
        Self(watch::Sender::new(state))
    }

    pub(super) fn phase(&self) -> Phase {
        self.0.borrow().phase
    }

    /// Moves on to a later phase; never back.
    pub(super) fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|state| {
            let later = phase > state.phase;
            if later {
                state.phase = phase;
            }
            later
        });
    }

    /// Waits until this phase, or a later one. Cancel safe.
    pub(super) async fn reached(&self, phase: Phase) {
        self.wait(|state| state.phase >= phase).await;
    }

    /// Waits until no call is in flight. Cancel safe.
    pub(super) async fn quiet(&self) {
        self.wait(|state| state.in_flight == 0).await;
    }

    /// Waits until everybody who asked for the stop has been told. Cancel safe.
    pub(super) async fn told(&self) {
        self.wait(|state| state.stoppers == 0).await;
    }

    async fn wait(&self, condition: impl FnMut(&State) -> bool) {
        // The sender is `self`: it cannot be gone.
        let _ = self.0.subscribe().wait_for(condition).await;
    }

    /// Whether the activation hook has succeeded.
    pub(super) fn was_activated(&self) -> bool {
        self.0.borrow().activated
    }

    /// Begins a call: it counts as in flight until the ticket is dropped.
    ///
    /// # Errors
    /// A problem where the plugin is not active.
    pub(super) fn enter(self: &Arc<Self>) -> Result<InFlight, Problem> {
        let mut phase = Phase::Idle;
        self.0.send_if_modified(|state| {
            phase = state.phase;
            state.in_flight += usize::from(phase == Phase::Active);
            false
        });
        match phase {
            Phase::Active => Ok(InFlight(self.clone())),
            Phase::Idle | Phase::Activating => {
                Err(Problem::new(ProblemKind::NotActive, "no host has activated the plugin yet"))
            }
            _ => Err(stopping()),
        }
    }

    /// Activates the plugin, unless it is active already. Of several at a time one
    /// runs the hook, and the others wait for it.
    ///
    /// Dropping the future drops the hook where it is, and the plugin is as inactive
    /// as before.
    ///
    /// # Errors
    /// A problem with the hook's error, or one that says that the plugin is stopping.
    pub(super) async fn activate<F>(
        self: &Arc<Self>,
        hook: impl FnOnce() -> F,
    ) -> Result<(), Problem>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let activation = loop {
            match self.begin_activation() {
                Phase::Idle => break Activation(self),
                Phase::Activating => self.wait(|state| state.phase != Phase::Activating).await,
                Phase::Active => return Ok(()),
                _ => return Err(stopping()),
            }
        };
        match catch_panic(async { hook().await }).await {
            Ok(Ok(())) => activation.succeed(),
            Ok(Err(error)) => Err(Problem::new(
                ProblemKind::Internal,
                format!("the activation failed: {}", RemoteError::from(&error)),
            )),
            Err(panic) => Err(Problem::new(
                ProblemKind::Internal,
                format!("the activation hook panicked: {panic}"),
            )),
        }
    }

    /// Goes from idle to activating; answers with the phase before.
    fn begin_activation(&self) -> Phase {
        let mut before = Phase::Idle;
        self.0.send_if_modified(|state| {
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

    /// Asks for the stop; the ticket counts until the answer is on its way.
    pub(super) fn stop_request(self: &Arc<Self>) -> Stopper {
        self.0.send_if_modified(|state| {
            state.stoppers += 1;
            false
        });
        self.advance(Phase::Stopping);
        Stopper(self.clone())
    }
}

/// The problem with which a stopping plugin answers.
pub(super) fn stopping() -> Problem {
    Problem::new(ProblemKind::Stopping, "the plugin is stopping and takes no further calls")
}

/// The activation hook at work: without [`Activation::succeed`] the plugin is idle
/// again.
struct Activation<'a>(&'a Lifecycle);

impl Activation<'_> {
    fn succeed(self) -> Result<(), Problem> {
        let mut active = false;
        self.0.0.send_modify(|state| {
            state.activated = true;
            active = state.phase == Phase::Activating;
            if active {
                state.phase = Phase::Active;
            }
        });
        if active { Ok(()) } else { Err(stopping()) }
    }
}

impl Drop for Activation<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| {
            state.in_flight -= 1;
            if state.phase == Phase::Activating {
                state.phase = Phase::Idle;
            }
        });
    }
}

/// A call in flight, until its answer has been handed over.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Lifecycle>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.send_if_modified(|state| {
            state.in_flight -= 1;
            state.in_flight == 0 && state.phase >= Phase::Stopping
        });
    }
}

/// Somebody who has asked for the stop and waits for the answer.
#[derive(Debug)]
pub(super) struct Stopper(Arc<Lifecycle>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.0.send_if_modified(|state| {
            state.stoppers -= 1;
            state.stoppers == 0
        });
    }
}
