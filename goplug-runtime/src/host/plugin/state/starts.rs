//! The starts of several instances of a plugin: the first one, and the others behind it.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use super::PluginState;
use super::commands::{Sending, Sent};
use crate::error::{Error, Result};
use crate::host::plugin::command::Command;

/// Has the other slots started if this is dropped before they were told to: a load that has begun goes on
/// without the future that has asked for it.
struct StartsOthers<'a> {
    plugin: &'a PluginState,
    stops: u64,
    is_done: bool,
}

impl Drop for StartsOthers<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.plugin.start_others(0, self.stops);
        }
    }
}

impl PluginState {
    /// Starts the instance of the first slot and then those of the others, side by side: unless the first one
    /// fails by what holds for all of them and none serves since before, or the plugin was asked to stop
    /// meanwhile. Waits for all.
    ///
    /// # Errors
    /// If no instance could be started, the error of the first.
    pub(super) async fn load_all(&self, slots: usize, command: &Command) -> Result<()> {
        // Not idle between the start of the first one and those of the others.
        let _change = self.changes.begin();
        let (sent, stops) = self.send(0..1, command, Sending::Always).await;
        let mut others = StartsOthers { plugin: self, stops, is_done: slots == 1 };
        let first = self.outcomes(sent).await.into_iter().fold(Ok(()), Result::and);
        if slots == 1 || self.fails_for_all(&first) {
            others.is_done = true;
            return first;
        }
        let (sent, _) = self.send(1..slots, command, Sending::UnlessStoppedSince(stops)).await;
        others.is_done = true;
        self.outcomes(sent).await.into_iter().fold(first, Result::or)
    }

    /// Whether the start of one instance has failed for a reason that holds for all of them, and none serves.
    fn fails_for_all(&self, started: &Result<()>) -> bool {
        let holds_for_all = |error: &Error| !matches!(error, Error::Start { .. });
        started.as_ref().is_err_and(holds_for_all) && self.instance().is_none()
    }

    /// Starts the plugin for a call. Ready when this slot's instance is started, behind which the others start
    /// as well. If it does not start and the call may go elsewhere, ready when the first of the others is.
    ///
    /// # Errors
    /// As [`PluginState::command`].
    pub(super) async fn load_on_demand(&self, slot: usize, only_there: bool) -> Result<()> {
        let slots = self.slots_in_use();
        if slots == 1 {
            return self.command(Command::LoadOnDemand).await;
        }
        self.check_maker()?;
        self.check_activation()?;
        let (sent, stops) =
            self.send(slot..slot + 1, &Command::LoadOnDemand, Sending::Always).await;
        let first = self.outcomes(sent).await.into_iter().fold(Ok(()), Result::and);
        if first.is_ok() || only_there || self.fails_for_all(&first) {
            return first;
        }
        let others: Vec<_> = {
            let status = self.lock();
            let waits =
                |slot: usize| status.slots.iter().nth(slot).is_some_and(|it| it.is_waiting());
            (0..slots).filter(|other| *other != slot && !waits(*other)).collect()
        };
        let others = others.into_iter();
        let (sent, _) = self.send(others, &Command::Load, Sending::UnlessStoppedSince(stops)).await;
        self.any_outcome(sent, first).await
    }

    /// Waits until one of these commands has succeeded. If none does, the result is this failure.
    async fn any_outcome(&self, sent: Vec<Sent>, failure: Result<()>) -> Result<()> {
        let outcomes = sent.into_iter().map(|(slot, result)| self.outcome(slot, result));
        let mut left: Vec<_> = outcomes.map(Box::pin).collect();
        let any_succeeds = poll_fn(|cx| {
            let mut has_succeeded = false;
            left.retain_mut(|outcome| match Pin::as_mut(outcome).poll(cx) {
                Poll::Ready(outcome) => {
                    has_succeeded |= outcome.is_ok();
                    false
                }
                Poll::Pending => true,
            });
            match (has_succeeded, left.is_empty()) {
                (false, false) => Poll::Pending,
                (has_succeeded, _) => Poll::Ready(has_succeeded),
            }
        });
        if any_succeeds.await { Ok(()) } else { failure }
    }

    /// Has the other slots start their instances, unless those wait for a restart or the plugin was asked to
    /// stop since it had been so often. Nobody waits for them.
    pub(in crate::host::plugin) fn start_others(&self, than: usize, stops: u64) {
        let in_use = self.slots_in_use();
        let mut status = self.lock();
        let slots = status.slots.iter_mut().enumerate().take(in_use);
        for (place, slot) in slots.filter(|(place, slot)| *place != than && !slot.is_waiting()) {
            slot.start_asked = Some(stops);
            self.supervisors[place].recheck.notify_one();
        }
    }

    /// Whether a slot was to start its instance, behind that of another one, and the plugin was not asked to
    /// stop since.
    pub(in crate::host::plugin) fn takes_start(&self, slot: usize) -> bool {
        let mut status = self.lock();
        let stops = status.stops;
        status.slots.get(slot).start_asked.take() == Some(stops)
    }
}
