//! What handles and the registry ask of the supervisors of a plugin.
//!
//! A load goes to the first one, and then to all others at once; a stop to all at once. What replaces
//! instances goes to the first one, which passes it on when it has done it: one instance after another is
//! replaced, and none after the first that could not be. A stop also ends what goes from one to the next,
//! which would start again what it has stopped.

use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::mpsc::Permit;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::PluginState;
use crate::error::{Error, Result};
use crate::host::plugin::command::{Command, Reach, Request};
use crate::host::runtime;

/// How long a supervisor that ends may take between letting go of a command and of its queue.
const LETS_GO_WITHIN: Duration = Duration::from_millis(100);

/// A command that was sent to the supervisor of a slot, unless that has ended.
type Sent = (usize, Option<oneshot::Receiver<Result<()>>>);

/// What the sending of commands has to do with a stop of the plugin.
#[derive(Clone, Copy)]
enum Sending {
    /// They stop it.
    Stop,
    /// They are not sent if it was asked to stop since it had been so often.
    UnlessStoppedSince(u64),
    Always,
}

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
    pub(in crate::host) async fn command(&self, command: Command) -> Result<()> {
        self.check_maker()?;
        let reach = command.reach();
        if reach != Reach::AllForGood {
            self.check_activation()?;
        }
        let slots = match reach {
            Reach::InTurn => 1,
            Reach::AllInUse => self.slots_in_use(),
            Reach::All | Reach::AllForGood => self.slots(),
        };
        if matches!(reach, Reach::All | Reach::AllForGood) {
            let (sent, _) = self.send(0..slots, &command, Sending::Stop).await;
            return self.outcomes(sent).await.into_iter().fold(Ok(()), Result::and);
        }
        // Not idle between the start of the first one and those of the others.
        let _change = self.changes.begin();
        let (sent, stops) = self.send(0..1, &command, Sending::Always).await;
        let first = self.outcomes(sent).await.into_iter().fold(Ok(()), Result::and);
        if slots == 1 {
            return first;
        }
        self.start_others(first, slots, stops, &command).await
    }

    /// Starts the instances of the other slots side by side, after the first one has started or not: unless
    /// that failed by what holds for all of them and none serves since before, or the plugin was asked to stop
    /// meanwhile.
    async fn start_others(
        &self,
        first: Result<()>,
        slots: usize,
        stops: u64,
        command: &Command,
    ) -> Result<()> {
        let holds_for_all = |error: &Error| !matches!(error, Error::Start { .. });
        if first.as_ref().is_err_and(holds_for_all) && self.instance().is_none() {
            return first;
        }
        let (sent, _) = self.send(1..slots, command, Sending::UnlessStoppedSince(stops)).await;
        self.outcomes(sent).await.into_iter().fold(first, Result::or)
    }

    /// Sends a command to the supervisors of these slots at once: what else is sent to several of them
    /// comes before it in all of the queues, or after it. Returns how often the plugin had been asked to
    /// stop.
    async fn send(
        &self,
        slots: Range<usize>,
        command: &Command,
        sending: Sending,
    ) -> (Vec<Sent>, u64) {
        let mut reserved = Vec::with_capacity(slots.len());
        for slot in slots {
            reserved.push((slot, self.supervisors[slot].commands.reserve().await.ok()));
        }
        let mut status = self.lock();
        match sending {
            Sending::Stop => status.stops += 1,
            Sending::UnlessStoppedSince(stops) if stops != status.stops => {
                return (Vec::new(), status.stops);
            }
            Sending::UnlessStoppedSince(_) | Sending::Always => {}
        }
        let stops = status.stops;
        let is_roll = command.reach() == Reach::InTurn;
        let post = |(slot, permit): (usize, Option<Permit<'_, Request>>)| {
            let change = is_roll.then(|| self.changes.begin());
            let (request, result) = Request::new(command.clone(), stops, change);
            (slot, permit.map(|permit| permit.send(request)).map(|()| result))
        };
        (reserved.into_iter().map(post).collect(), stops)
    }

    async fn outcomes(&self, sent: Vec<Sent>) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(sent.len());
        for (slot, result) in sent {
            outcomes.push(self.outcome(slot, result).await);
        }
        outcomes
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
    pub(in crate::host::plugin) async fn pass_on(&self, slot: usize, request: Request) {
        drop(self.supervisors[slot].commands.send(request).await);
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
        let (sent, _) = self.send(0..slots, &Command::Load, Sending::Always).await;
        let awaited = sent.into_iter().filter(|(other, _)| slot.is_none_or(|slot| slot == *other));
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
}
