//! Registered callbacks, as their listener holds them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;

/// A registered callback. Dropping it unregisters the handler; a handler that is
/// running is not interrupted.
///
/// Callbacks and results travel apart: the result of a call may be there before the
/// callbacks that the method made have been handled. Who drops the subscription as soon as
/// the call returns may miss the last of them.
///
/// ```
/// let subscription = goplug::Subscription::new(|| println!("unregistered"));
/// subscription.unregister();
/// ```
#[must_use = "dropping a subscription unregisters the callback"]
pub struct Subscription {
    end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Subscription {
    /// A subscription that ends with this.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { end: Some(Box::new(end)) }
    }

    /// Unregisters the handler now.
    pub fn unregister(self) {}

    /// Keeps the handler registered for as long as the plugin's handle lives.
    pub fn detach(mut self) {
        self.end = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A callback as a stream of its arguments. Dropping it unregisters.
///
/// It holds a bounded number of callbacks; a reader that stops reading makes the
/// plugin wait, not the memory grow.
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
    pub(super) fn new(receiver: mpsc::Receiver<T>, subscription: Subscription) -> Self {
        Self { receiver, _subscription: subscription }
    }

    /// The next callback; `None` when no more can come. Cancel safe.
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
