//! What handles and the registry ask of the supervisors of a plugin.
//!
//! A load goes to the first one, and then to all others at once (see `starts`); a stop to all at once. What replaces
//! instances goes to the first one, which passes it on when it has done it: one instance after another is
//! replaced, and none after the first that could not be. A stop also ends what goes from one to the next,
//! which would start again what it has stopped.

use std::time::Duration;

use tokio::sync::mpsc::Permit;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use super::PluginState;
use crate::error::{Error, Result};
use crate::host::plugin::command::{Command, Reach, Request, Roll};
use crate::host::runtime;

/// How long a supervisor that ends may take between letting go of a command and of its queue.
const LETS_GO_WITHIN: Duration = Duration::from_millis(100);

/// A command that was sent to the supervisor of a slot, unless that has ended.
pub(super) type Sent = (usize, Option<oneshot::Receiver<Result<()>>>);

/// What the sending of commands has to do with a stop of the plugin.
#[derive(Clone, Copy)]
pub(super) enum Sending {
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
        // Not idle before a first one is replaced.
        let _change = self.changes.begin();
        let (sent, _) = match reach {
            Reach::AllInUse => return self.load_all(self.slots_in_use(), &command).await,
            Reach::All | Reach::AllForGood => {
                self.send(0..self.slots(), &command, Sending::Stop).await
            }
            Reach::InTurn => {
                let turn = self.upgrades.turn().await;
                self.send_in_turn(0..1, &command, Sending::Always, turn).await
            }
        };
        self.outcomes(sent).await.into_iter().fold(Ok(()), Result::and)
    }

    /// Sends a command to the supervisors of these slots at once: what else is sent to several of them
    /// comes before it in all of the queues, or after it. Returns how often the plugin had been asked to
    /// stop.
    pub(super) async fn send(
        &self,
        slots: impl Iterator<Item = usize>,
        command: &Command,
        sending: Sending,
    ) -> (Vec<Sent>, u64) {
        self.send_in_turn(slots, command, sending, None).await
    }

    /// As [`PluginState::send`]. A command that replaces the instances one after another has a turn.
    async fn send_in_turn(
        &self,
        slots: impl Iterator<Item = usize>,
        command: &Command,
        sending: Sending,
        mut turn: Option<OwnedSemaphorePermit>,
    ) -> (Vec<Sent>, u64) {
        let mut reserved = Vec::new();
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
        let post = |(slot, permit): (usize, Option<Permit<'_, Request>>)| {
            let roll = turn.take().map(|turn| Roll { _change: self.changes.begin(), _turn: turn });
            let (request, result) = Request::new(command.clone(), stops, roll);
            (slot, permit.map(|permit| permit.send(request)).map(|()| result))
        };
        (reserved.into_iter().map(post).collect(), stops)
    }

    pub(super) async fn outcomes(&self, sent: Vec<Sent>) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(sent.len());
        for (slot, result) in sent {
            outcomes.push(self.outcome(slot, result).await);
        }
        outcomes
    }

    /// The result of a command that was sent to the supervisor of this slot, if it was.
    pub(super) async fn outcome(
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

    /// Has the supervisors stop the plugin for good, even while it starts, and waits for that.
    ///
    /// # Errors
    /// As [`PluginState::command`].
    pub(in crate::host) async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        self.command(Command::Close).await
    }
}
