//! The listeners to a registry, and the stream of events that each reads.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::event_queue::EventQueue;
use super::events::Event;
#[cfg(doc)]
use crate::limits;

/// A stream of the events of a registry.
///
/// The stream begins with the present state: one `Discovered` for each plugin, one `Loaded` for
/// each plugin that runs, one `Rejected` for each unusable file. Then come the events as they
/// happen. The stream ends when the registry is stopped or dropped. At most
/// [`limits::EVENT_BACKLOG`] further events wait for a slow reader, with at most
/// [`limits::EVENT_BACKLOG_BYTES`] of text. Beyond that, the plugin with most of them loses its last
/// ones, and no other plugin does. They are counted in [`Event::Missed`]. [`Event::CallbacksMissed`]
/// of one plugin that nobody has read yet are one event.
///
/// ```no_run
/// # async fn example(registry: goplug::Registry) {
/// let mut events = registry.events();
/// while let Some(event) = events.next().await {
///     if let goplug::Event::Rejected { path, reason } = event {
///         eprintln!("{}: {reason}", path.display());
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is read"]
pub struct Events(Arc<EventQueue>);

impl Events {
    /// The next event; `None` when the registry was stopped or dropped. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_next(cx)
    }
}

/// The listeners to the events of a registry.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<Arc<EventQueue>>);

/// The tasks that an event wakes, once this is dropped: without a lock, since they may be anybody's.
#[derive(Debug, Default)]
#[must_use = "it is dropped once the registry is unlocked"]
pub(super) struct Woken(Vec<Waker>);

impl Drop for Woken {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}

impl Listeners {
    /// Adds a listener that first gets `state`.
    pub(super) fn add(&mut self, state: Vec<Event>) -> Events {
        let queue = Arc::new(EventQueue::new(state));
        self.0.push(Arc::clone(&queue));
        Events(queue)
    }

    /// Sends an event to every listener without waiting. Forgets the listeners that were dropped.
    pub(super) fn send(&mut self, event: &Event) -> Woken {
        self.0.retain(|queue| Arc::strong_count(queue) > 1);
        Woken(self.0.iter().filter_map(|queue| queue.push(event.clone())).collect())
    }

    /// Ends every stream.
    pub(super) fn clear(&mut self) -> Woken {
        Woken(self.0.drain(..).filter_map(|queue| queue.close()).collect())
    }
}

/// A registry that is dropped ends its streams as one that is stopped does.
impl Drop for Listeners {
    fn drop(&mut self) {
        drop(self.clear());
    }
}
