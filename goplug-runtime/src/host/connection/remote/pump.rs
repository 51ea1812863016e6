//! The stream that a call sends: its items are taken by the caller, and go to the connection's task.
//!
//! The items are the caller's own code, and may block, so no task of the registry polls them. The channel
//! between holds one piece: so a slow plugin holds up its caller, and nobody else.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::outgoing::{Outgoing, Piece};
use super::waiting::Waiting;
use crate::host::connection::error::{SendError, Stage};
use crate::host::connection::exchange::StreamingTimes;
use crate::host::connection::request_body::RequestBody;
use crate::limits;
use crate::typed::{RequestItems, RequestPiece};

/// What moves the items of a call to its connection.
pub(super) struct Pump {
    /// `None` once there is no more to move.
    moving: Option<Moving>,
    progress: Arc<Mutex<Progress>>,
}

/// Moves all items.
type Moving = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// What the plugin, or the caller, is waited for.
struct Progress {
    waits_for_item: bool,
    /// Since when nothing has changed.
    since: Instant,
}

impl Pump {
    /// The pump of this body, and what it fills.
    pub(super) fn new(body: &RequestBody) -> (Self, Outgoing) {
        let (items, first) = body.parts();
        let (sender, receiver) = mpsc::channel(1);
        let progress = Progress { waits_for_item: false, since: Instant::now() };
        let progress = Arc::new(Mutex::new(progress));
        let noted = Arc::clone(&progress);
        let moving = async move {
            if !first.is_empty() && sender.send(Piece::Data(first)).await.is_err() {
                return Ok(());
            }
            move_items(&items, &sender, &noted).await
        };
        (Self { moving: Some(Box::pin(moving)), progress }, Outgoing::Stream(receiver))
    }

    /// Moves what can be moved now. Not ready while there is more.
    ///
    /// # Errors
    /// [`SendError::Items`] if an item cannot be sent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let Some(moving) = &mut self.moving else { return Poll::Ready(Ok(())) };
        let polled = moving.as_mut().poll(cx);
        if polled.is_ready() {
            self.moving = None;
        }
        polled
    }

    /// Whether the caller is waited for, and not the plugin.
    pub(super) fn waits_for_item(&self) -> bool {
        let is_moving = self.moving.is_some();
        is_moving && self.progress.lock().unwrap_or_else(PoisonError::into_inner).waits_for_item
    }

    /// When the request has taken too long, if nothing happens before; and whether that is for the plugin.
    fn deadline(&self, times: StreamingTimes) -> (Instant, bool) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let (pause, is_of_plugin) = match self.moving.is_some() && progress.waits_for_item {
            // Looked at again then: the item may have come meanwhile.
            true => (Instant::now() + times.pause.min(limits::MAX_DURATION), false),
            false => (progress.since + times.pause, true),
        };
        match times.until_head {
            Some(until) if until <= pause => (until, true),
            _ => (pause, is_of_plugin),
        }
    }
}

/// Takes the items one by one.
async fn move_items(
    items: &RequestItems,
    sender: &mpsc::Sender<Piece>,
    progress: &Mutex<Progress>,
) -> Result<(), SendError> {
    let note = |waits_for_item| {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        *progress = Progress { waits_for_item, since: Instant::now() };
    };
    loop {
        note(true);
        let piece = poll_fn(|cx| items.poll_piece(cx)).await;
        note(false);
        let (piece, is_last) = match piece {
            RequestPiece::Data(data) => (Piece::Data(data), false),
            RequestPiece::Last(data) => (Piece::Data(data), true),
            RequestPiece::GaveUp(_) => (Piece::BrokenOff, true),
            RequestPiece::Failed(error) => {
                // The connection may be gone already.
                let _ = sender.try_send(Piece::BrokenOff);
                return Err(SendError::Items(Box::new(error)));
            }
        };
        // The plugin reads no more, and perhaps has answered.
        if sender.send(piece).await.is_err() || is_last {
            return Ok(());
        }
    }
}

/// Waits for the answer to a request, while its items are moved.
///
/// # Errors
/// [`SendError::Items`]; [`SendError::TimedOut`] if the plugin does nothing for too long.
pub(super) async fn answer_of<W: Waiting, F: Future<Output: Send> + Send>(
    pump: &mut Pump,
    times: StreamingTimes,
    answer: F,
) -> Result<F::Output, SendError> {
    let mut answer = pin!(answer);
    loop {
        let (deadline, is_of_plugin) = pump.deadline(times);
        let both = poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = pump.poll(cx) {
                return Poll::Ready(Err(error));
            }
            answer.as_mut().poll(cx).map(Ok)
        });
        if let Some(answered) = W::until(deadline, both).await {
            return answered;
        }
        let now_due = pump.deadline(times).0 <= Instant::now() + Duration::from_millis(1);
        if is_of_plugin && now_due {
            return Err(SendError::TimedOut(Stage::Sent));
        }
    }
}
