//! The stream that a call sends, on its way to the method.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::failure::within_limit;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::header_json;
use crate::typed::{
    Call, CallRequest, IncomingError, Inlet, MediaType, RequestItems, RequestPiece, inlet,
};

/// What is still to be sent of a stream.
pub(super) struct Sending {
    items: RequestItems,
    /// `None` once everything has been sent, or nothing more can be.
    inlet: Option<Inlet>,
    /// The end of the longest pause, while the method reads nothing.
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether the method has read everything, and waits for the next item of its caller.
    pub(super) waits_for_item: Arc<AtomicBool>,
}

/// Why a stream is not sent to its end.
pub(super) enum Unsent {
    /// An item cannot be sent.
    Item(Error),
    /// The method has read nothing for too long.
    Unread,
}

/// The call that a method gets of a request without parts, and its stream.
///
/// # Errors
/// The arguments are too long.
pub(super) fn call_with(
    request: &CallRequest<'_>,
    items: &RequestItems,
) -> Result<(Call, Sending)> {
    // A request has the arguments beside bytes in its head.
    if items.items() == MediaType::Raw
        && header_json::write(&request.body).len() > limits::MAX_HEADER_ARGUMENTS
    {
        return Err(Error::arguments_too_long(request.method));
    }
    let body = within_limit(request.body.clone())?;
    let (inlet, reader) = inlet(items.items(), limits::MAX_BODY);
    let call = Call::new(body).reading(reader);
    let waits_for_item = Arc::default();
    Ok((call, Sending { items: items.clone(), inlet: Some(inlet), pause: None, waits_for_item }))
}

impl Sending {
    /// Sends items for as long as the method reads them, with pauses that are at most so long.
    fn poll(&mut self, time: Duration, cx: &mut Context<'_>) -> Poll<Result<(), Unsent>> {
        while let Some(inlet) = &self.inlet {
            if inlet.poll_room(cx).is_pending() {
                let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(time)));
                ready!(pause.as_mut().poll(cx));
                return Poll::Ready(Err(Unsent::Unread));
            }
            self.pause = None;
            let piece = self.items.poll_piece(cx);
            self.waits_for_item.store(piece.is_pending(), Ordering::Relaxed);
            match ready!(piece) {
                RequestPiece::Data(data) => inlet.push(data),
                RequestPiece::Last(data) => {
                    if !data.is_empty() {
                        inlet.push(data);
                    }
                    inlet.end(Ok(()));
                    self.inlet = None;
                }
                RequestPiece::GaveUp(problem) => {
                    inlet.end(Err(IncomingError::of_sender(&problem.to_json())));
                    self.inlet = None;
                }
                RequestPiece::Failed(error) => {
                    self.inlet = None;
                    return Poll::Ready(Err(Unsent::Item(error)));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Runs a method, and sends meanwhile. It ends when everything has been sent, or with the method.
    /// The method has at most this much time for each part.
    ///
    /// # Errors
    /// Why not everything has been sent.
    pub(super) async fn while_sending<F: Future + Unpin>(
        &mut self,
        method: &mut F,
        time: Duration,
    ) -> Result<Option<F::Output>, Unsent> {
        let mut method = pin!(method);
        poll_fn(|cx| {
            if let Poll::Ready(output) = method.as_mut().poll(cx) {
                return Poll::Ready(Ok(Some(output)));
            }
            self.poll(time, cx).map_ok(|()| None)
        })
        .await
    }

    /// Runs a method to its end, and sends meanwhile. If an item cannot be sent, the method's stream is
    /// cut off. The method may read as slowly as it likes.
    pub(super) async fn during<F: Future>(mut self, method: F) -> F::Output {
        let mut method = pin!(method);
        match self.while_sending(&mut method, limits::MAX_DURATION).await {
            Ok(Some(output)) => output,
            Ok(None) | Err(_) => method.await,
        }
    }
}
