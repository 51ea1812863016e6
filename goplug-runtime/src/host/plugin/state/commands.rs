//! What handles and the registry ask of the supervisors of a plugin.
//!
//! A load goes to the first one, and then to all others at once; a stop to all at once. What replaces
//! instances goes to the first one, which passes it on when it has done it: one instance after another is
//! replaced, and none after the first that could not be.

use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::PluginState;
use crate::error::{Error, Result};
use crate::host::plugin::availability::Availability;
use crate::host::plugin::command::{Command, Reach};
use crate::host::runtime;

/// How long a supervisor that ends may take between letting go of a command and of its queue.
const LETS_GO_WITHIN: Duration = Duration::from_millis(100);

/// A command that was sent to the supervisor of a slot, unless that has ended.
type Sent = (usize, Option<oneshot::Receiver<Result<()>>>);

impl PluginState {
    /// Has the supervisors carry out a command, and waits for the result. Dropping the future does not
    /// cancel a command that a supervisor has begun.
    ///
    /// # Errors
    /// The error of the command: of a load, if no instance could be started; otherwise the first. A load
    /// whose first start fails for a reason that holds for all instances, such as a file that cannot be used,
    /// starts no others.
    /// [`Error::Stopped`] if the supervisor has ended, or [`Error::Runtime`] if that was because its
    /// runtime is gone.
    pub(in crate::host) async fn command(
        &self,
        command: impl Fn(oneshot::Sender<Result<()>>) -> Command,
    ) -> Result<()> {
        self.check_maker()?;
        let (done, result) = oneshot::channel();
        let first = command(done);
        let reach = first.reach();
        if reach != Reach::AllForGood {
            self.check_activation()?;
        }
        let slots = match reach {
            Reach::InTurn => 1,
            Reach::AllInUse => self.slots_in_use(),
            Reach::All | Reach::AllForGood => self.slots(),
        };
        let is_sent = self.supervisors[0].commands.send(first).await.is_ok();
        let first = is_sent.then_some(result);
        if slots == 1 {
            return self.outcome(0, first).await;
        }
        match reach {
            Reach::AllInUse => {
                let first = self.outcome(0, first).await;
                self.start_others(first, slots, &command).await
            }
            _ => {
                let others = self.send_to(1..slots, &command).await;
                let first = self.outcome(0, first).await;
                self.outcomes(others).await.into_iter().fold(first, Result::and)
            }
        }
    }

    /// Starts the instances of the other slots side by side, after the first one has started or not: unless
    /// that failed by what holds for all of them, and none serves since before.
    async fn start_others(
        &self,
        first: Result<()>,
        slots: usize,
        command: &impl Fn(oneshot::Sender<Result<()>>) -> Command,
    ) -> Result<()> {
        let holds_for_all = |error: &Error| !matches!(error, Error::Start { .. });
        if first.as_ref().is_err_and(holds_for_all) && self.instance().is_none() {
            return first;
        }
        let others = self.send_to(1..slots, command).await;
        self.outcomes(others).await.into_iter().fold(first, Result::or)
    }

    async fn send_to(
        &self,
        slots: Range<usize>,
        command: &impl Fn(oneshot::Sender<Result<()>>) -> Command,
    ) -> Vec<Sent> {
        let mut sent = Vec::with_capacity(slots.len());
        for slot in slots {
            sent.push((slot, self.send(slot, command).await));
        }
        sent
    }

    async fn outcomes(&self, sent: Vec<Sent>) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(sent.len());
        for (slot, result) in sent {
            outcomes.push(self.outcome(slot, result).await);
        }
        outcomes
    }

    async fn send(
        &self,
        slot: usize,
        command: &impl Fn(oneshot::Sender<Result<()>>) -> Command,
    ) -> Option<oneshot::Receiver<Result<()>>> {
        let (done, result) = oneshot::channel();
        let sent = self.supervisors[slot].commands.send(command(done)).await;
        sent.is_ok().then_some(result)
    }

    /// The result of a command that was sent to the supervisor of this slot, if it was.
    async fn outcome(
        &self,
        slot: usize,
        result: Option<oneshot::Receiver<Result<()>>>,
    ) -> Result<()> {
        if let Some(result) = result
            && let Ok(result) = result.await
        {
            return result;
        }
        // A supervisor that ends with its runtime says so before it lets go of its queue, and perhaps
        // a little after it has let go of the command.
        if runtime::check().is_ok() {
            drop(timeout(LETS_GO_WITHIN, self.supervisors[slot].commands.closed()).await);
        }
        self.check_runtime().and(Err(Error::Stopped))
    }

    /// Passes a command on to the supervisor of this slot. Whoever waits for the result is told if that
    /// has ended.
    pub(in crate::host::plugin) async fn pass_on(&self, slot: usize, command: Command) {
        drop(self.supervisors[slot].commands.send(command).await);
    }

    /// Starts the plugin for a call. Ready when the instance of this slot is started, or when the first
    /// instance is if no slot is given; the others are started as well.
    ///
    /// # Errors
    /// As [`PluginState::command`].
    pub(super) async fn load_on_demand(&self, slot: Option<usize>) -> Result<()> {
        let slots = self.slots_in_use();
        if slots == 1 {
            return self.command(Command::LoadOnDemand).await;
        }
        self.check_maker()?;
        self.check_activation()?;
        let sent = self.send_to(0..slots, &Command::Load).await.into_iter();
        let awaited = sent.filter(|(other, _)| slot.is_none_or(|slot| slot == *other));
        let mut starting: Vec<_> =
            awaited.map(|(slot, result)| Box::pin(self.outcome(slot, result))).collect();
        poll_fn(|cx| {
            let mut failure = None;
            let mut left = Vec::new();
            for mut outcome in starting.drain(..) {
                match Pin::as_mut(&mut outcome).poll(cx) {
                    Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
                    Poll::Ready(Err(error)) => failure = failure.or(Some(error)),
                    Poll::Pending => left.push(outcome),
                }
            }
            starting = left;
            match failure {
                Some(error) if starting.is_empty() => Poll::Ready(Err(error)),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Has the supervisors stop the plugin for good, even while it starts, and waits for that.
    ///
    /// # Errors
    /// As [`PluginState::command`].
    pub(in crate::host) async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        self.command(Command::Close).await
    }

    /// Whether the next call starts the instance of this slot.
    pub(in crate::host::plugin) fn is_on_demand(&self, slot: usize) -> bool {
        self.lock().slots.get(slot).availability == Availability::OnDemand
    }
}
