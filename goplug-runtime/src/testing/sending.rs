//! The stream that a call sends, on its way to the method.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use crate::error::Result;
use crate::limits;
use crate::typed::{Call, CallRequest, Inlet, RequestItems, RequestPiece, inlet};

/// What is still to be sent of a stream.
pub(super) struct Sending {
    items: RequestItems,
    /// `None` once everything has been sent, or nothing more can be.
    inlet: Option<Inlet>,
}

/// The call that a method gets of a request without parts, and its stream.
pub(super) fn call_with(request: &CallRequest<'_>, items: &RequestItems) -> (Call, Sending) {
    let (inlet, reader) = inlet(items.items(), limits::MAX_BODY);
    let call = Call::new(request.body.clone()).reading(reader);
    (call, Sending { items: items.clone(), inlet: Some(inlet) })
}

impl Sending {
    /// Sends items for as long as the method reads them.
    ///
    /// # Errors
    /// That of an item that cannot be sent.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while let Some(inlet) = &self.inlet {
            ready!(inlet.poll_room(cx));
            match ready!(self.items.poll_piece(cx)) {
                RequestPiece::Data(data) => inlet.push(data),
                RequestPiece::Last(data) => {
                    if !data.is_empty() {
                        inlet.push(data);
                    }
                    inlet.end(Ok(()));
                    self.inlet = None;
                }
                RequestPiece::Failed(error) => {
                    self.inlet = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Runs a method, and sends meanwhile. It ends when everything has been sent, or with the method.
    ///
    /// # Errors
    /// That of an item that cannot be sent.
    pub(super) async fn while_sending<F: Future + Unpin>(
        &mut self,
        method: &mut F,
    ) -> Result<Option<F::Output>> {
        let mut method = pin!(method);
        poll_fn(|cx| {
            if let Poll::Ready(output) = method.as_mut().poll(cx) {
                return Poll::Ready(Ok(Some(output)));
            }
            self.poll(cx).map_ok(|()| None)
        })
        .await
    }

    /// Runs a method to its end, and sends meanwhile. If an item cannot be sent, the method's stream is
    /// cut off.
    pub(super) async fn during<F: Future>(mut self, method: F) -> F::Output {
        let mut method = pin!(method);
        match self.while_sending(&mut method).await {
            Ok(Some(output)) => output,
            Ok(None) | Err(_) => method.await,
        }
    }
}
