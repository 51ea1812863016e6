//! A callback as a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;

use super::subscription::Subscription;

/// A callback as a stream of its arguments. Dropping it unregisters.
///
/// It holds a bounded number of callbacks. If they are not read, the plugin waits, so memory does
/// not grow.
///
/// ```no_run
/// # async fn example(mut progress: goplug::CallbackStream<u8>) {
/// while let Some(percent) = progress.next().await {
///     println!("{percent} %");
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is read"]
pub struct CallbackStream<T> {
    receiver: mpsc::Receiver<T>,
    _subscription: Subscription,
}

impl<T> CallbackStream<T> {
    pub(in crate::typed) fn new(receiver: mpsc::Receiver<T>, subscription: Subscription) -> Self {
        Self { receiver, _subscription: subscription }
    }

    /// The next callback; `None` when the stream has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<T> {
        self.receiver.recv().await
    }
}

impl<T> Stream for CallbackStream<T> {
    type Item = T;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.receiver.poll_recv(cx)
    }
}
