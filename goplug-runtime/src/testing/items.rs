//! The items of a streamed result.
//!
//! The method runs as far ahead as one piece of the stream needs, and only while somebody reads: as it
//! does behind a socket.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::failure::{crashed, refused};
use super::fault::Fault;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::event_stream::{ItemEvent, ItemReader};
use crate::protocol::{PluginId, Problem};
use crate::typed::{MediaType, Outlet};

type Producer = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>>;

/// A streamed result, from the first poll of its method to its last item.
pub(super) struct Items {
    id: PluginId,
    method: String,
    /// The method; `None` once it has ended.
    producer: Option<Producer>,
    outlet: Outlet,
    /// Reads the events of a stream that is not bytes.
    reader: ItemReader,
    /// Why the method has failed after its stream began.
    failure: Option<Problem>,
    is_done: bool,
    fault: Option<Fault>,
    /// How many items were taken.
    count: usize,
    idle: Duration,
    /// The end of the longest pause, while somebody waits for an item.
    pause: Option<Pin<Box<Sleep>>>,
    runtime: Option<Handle>,
    /// Whether the method waits for an item of its caller, if that sends any.
    waits_for_item: Option<Arc<AtomicBool>>,
}

impl Items {
    pub(super) fn new(
        id: PluginId,
        method: &str,
        producer: Producer,
        outlet: Outlet,
        fault: Option<Fault>,
    ) -> Self {
        Self {
            id,
            method: method.into(),
            producer: Some(producer),
            outlet,
            reader: ItemReader::new(limits::MAX_EVENT),
            failure: None,
            is_done: false,
            fault: fault.filter(|fault| fault.is_of_stream()),
            count: 0,
            idle: limits::STREAM_IDLE,
            pause: None,
            runtime: None,
            waits_for_item: None,
        }
    }

    /// The same, of a method that reads a stream of its caller, and says here that it waits for it.
    pub(super) fn fed_by(self, waits_for_item: Option<Arc<AtomicBool>>) -> Self {
        Self { waits_for_item, ..self }
    }

    /// The same, polled within this runtime or that of the caller. `idle` is the longest pause between
    /// two items.
    pub(super) fn within(self, runtime: Option<Handle>, idle: Duration) -> Self {
        Self { runtime, idle, ..self }
    }

    pub(super) fn media_type(&self) -> MediaType {
        self.outlet.items().unwrap_or(MediaType::Json)
    }

    /// Waits until the method has returned its stream. `false` if it has returned none.
    ///
    /// # Errors
    /// The problem that the call is answered with.
    pub(super) async fn opened(&mut self) -> Result<bool, Problem> {
        poll_fn(|cx| {
            let ended = self.poll_producer(cx);
            if self.outlet.items().is_none() {
                return ended.map_ok(|()| false);
            }
            if let Poll::Ready(outcome) = ended {
                self.end(outcome);
            }
            Poll::Ready(Ok(true))
        })
        .await
    }

    fn poll_producer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Problem>> {
        let Some(producer) = &mut self.producer else { return Poll::Ready(Ok(())) };
        let outcome = ready!(producer.as_mut().poll(cx));
        self.producer = None;
        Poll::Ready(outcome)
    }

    fn end(&mut self, outcome: Result<(), Problem>) {
        self.outlet.end(outcome.as_ref().err());
        self.failure = outcome.err();
    }

    /// The next item of what the method has produced, or the end.
    fn poll_produced(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let is_raw = self.media_type() == MediaType::Raw;
        loop {
            match self.reader.next_event() {
                Ok(None) => {}
                Ok(Some(ItemEvent::Arguments(_))) => continue,
                Ok(Some(ItemEvent::Item(item))) => return Poll::Ready(Some(Ok(item))),
                Ok(Some(ItemEvent::End)) => return Poll::Ready(None),
                Ok(Some(ItemEvent::Error(problem))) => {
                    return Poll::Ready(Some(Err(self.error_of(&problem))));
                }
                Err(too_large) => {
                    return Poll::Ready(Some(Err(Error::TooLarge { limit: too_large.limit })));
                }
            }
            match self.outlet.take() {
                Some(piece) if is_raw => return Poll::Ready(Some(Ok(piece))),
                Some(piece) => self.reader.push(piece),
                None if self.producer.is_none() => {
                    let failure = self.failure.take();
                    return Poll::Ready(failure.map(|problem| Err(self.refused(&problem))));
                }
                None => match self.poll_producer(cx) {
                    Poll::Ready(outcome) => self.end(outcome),
                    Poll::Pending if self.outlet.is_empty() => return Poll::Pending,
                    Poll::Pending => {}
                },
            }
        }
    }

    fn error_of(&self, problem: &[u8]) -> Error {
        match serde_json::from_slice::<Problem>(problem) {
            Ok(problem) => self.refused(&problem),
            Err(source) => Error::Decode { method: self.method.clone(), source },
        }
    }

    fn refused(&self, problem: &Problem) -> Error {
        refused(&self.id, &self.method, limits::CALL_TIMEOUT, problem)
    }

    /// Whether the caller's own items are what the stream waits for. No time counts then.
    fn waits_for_caller(&self) -> bool {
        self.waits_for_item.as_ref().is_some_and(|waits| waits.load(Ordering::Relaxed))
    }

    /// Waits for the end of the longest pause.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(self.idle)));
        ready!(pause.as_mut().poll(cx));
        let silent = Error::silent_stream(&self.method, &self.id, self.idle, None);
        Poll::Ready(Some(Err(silent)))
    }

    /// What the fault of the stream leads to once enough items were taken.
    fn poll_fault(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match self.fault {
            Some(Fault::HangAfter(_)) => self.poll_pause(cx),
            _ => Poll::Ready(Some(Err(crashed(&self.id)))),
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if let Some(Fault::CrashAfter(most) | Fault::HangAfter(most)) = self.fault
            && self.count >= most
        {
            return self.poll_fault(cx);
        }
        match self.poll_produced(cx) {
            // A stream that is shorter than the fault says has it at its end.
            Poll::Ready(None) if self.fault.is_some() => self.poll_fault(cx),
            Poll::Ready(item) => Poll::Ready(item),
            Poll::Pending if self.waits_for_caller() => {
                self.pause = None;
                Poll::Pending
            }
            Poll::Pending => self.poll_pause(cx),
        }
    }
}

impl Stream for Items {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        let runtime = self.runtime.clone();
        let _entered = runtime.as_ref().map(Handle::enter);
        let item = ready!(self.poll_item(cx));
        self.pause = None;
        self.count = self.count.saturating_add(1);
        if !matches!(item, Some(Ok(_))) {
            self.is_done = true;
            self.producer = None;
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_time_counts_while_the_caller_has_no_item_for_the_method() {
        let waits_for_item = Arc::new(AtomicBool::new(true));
        let (id, outlet) = (PluginId::new("p", "").unwrap(), Outlet::default());
        let mut items = Items::new(id, "m", Box::pin(pending()), outlet, None)
            .fed_by(Some(Arc::clone(&waits_for_item)))
            .within(None, Duration::from_secs(1));
        let mut next = Box::pin(poll_fn(|cx| Pin::new(&mut items).poll_next(cx)));
        assert!(timeout(Duration::from_secs(100), &mut next).await.is_err());
        waits_for_item.store(false, Ordering::Relaxed);
        let item = timeout(Duration::from_secs(100), next).await.unwrap();
        assert!(matches!(item, Some(Err(Error::Deadline { .. }))), "{item:?}");
    }
}
