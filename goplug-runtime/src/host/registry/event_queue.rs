//! The events that wait for one listener.
//!
//! They are bounded, and each plugin answers for its own: a plugin that causes more events than a
//! listener reads loses its own ones.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::events::Event;
use crate::limits;
use crate::protocol::PluginId;

/// The events that wait for one listener.
#[derive(Debug)]
pub(super) struct EventQueue(Mutex<Waiting>);

#[derive(Debug)]
struct Waiting {
    events: VecDeque<Event>,
    /// How many of the events are no [`Event::Missed`].
    count: usize,
    /// How many may be there.
    room: usize,
    /// The bytes of their texts.
    bytes: usize,
    /// How many may be there.
    bytes_room: usize,
    waker: Option<Waker>,
    is_closed: bool,
}

impl EventQueue {
    /// A queue that begins with these events.
    pub(super) fn new(state: Vec<Event>) -> Self {
        let (count, bytes) = (state.len(), state.iter().map(Event::text_len).sum());
        Self(Mutex::new(Waiting {
            events: state.into(),
            count,
            room: limits::EVENT_BACKLOG + count,
            bytes,
            bytes_room: limits::EVENT_BACKLOG_BYTES + bytes,
            waker: None,
            is_closed: false,
        }))
    }

    /// Adds an event. The caller wakes the listener.
    pub(super) fn push(&self, event: Event) -> Option<Waker> {
        let mut waiting = self.lock();
        waiting.push(event);
        waiting.waker.take()
    }

    /// Ends the queue, behind its last event. The caller wakes the listener.
    pub(super) fn close(&self) -> Option<Waker> {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        waiting.waker.take()
    }

    /// The next event; `None` behind the last.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut waiting = self.lock();
        if let Some(event) = waiting.events.pop_front() {
            waiting.forget(&event);
            return Poll::Ready(Some(event));
        }
        if waiting.is_closed {
            return Poll::Ready(None);
        }
        let before = waiting.waker.replace(cx.waker().clone());
        drop(waiting);
        drop(before);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, event: Event) {
        if self.joins(&event) {
            return;
        }
        self.count += 1;
        self.bytes += event.text_len();
        self.events.push_back(event);
        while self.count > self.room || (self.bytes > self.bytes_room && self.count > 1) {
            self.drop_one();
        }
    }

    /// Adds lost callbacks to those of the same plugin that wait.
    fn joins(&mut self, event: &Event) -> bool {
        let Event::CallbacksMissed { plugin, count } = event else { return false };
        let waiting = self.events.iter_mut().rev().find_map(|other| match other {
            Event::CallbacksMissed { plugin: other, count } if other == plugin => Some(count),
            _ => None,
        });
        waiting.map(|sum| *sum = sum.saturating_add(*count)).is_some()
    }

    /// Drops the last event of the plugin that has most of them, and counts it.
    fn drop_one(&mut self) {
        let mut costs = BTreeMap::<Option<&PluginId>, (usize, usize)>::new();
        let is_counted = |event: &&Event| !matches!(event, Event::Missed { .. });
        for event in self.events.iter().filter(is_counted) {
            let (count, bytes) = costs.entry(event.plugin()).or_default();
            *count += 1;
            *bytes += event.text_len();
        }
        let by_count = self.count > self.room;
        let cost = |(count, bytes): (usize, usize)| if by_count { count } else { bytes };
        let most = costs.into_iter().max_by_key(|(_, it)| cost(*it)).map(|(plugin, _)| plugin);
        let is_meant = |event: &Event| is_counted(&event) && Some(event.plugin()) == most;
        let Some(at) = self.events.iter().rposition(is_meant) else { return };
        if let Some(dropped) = self.events.remove(at) {
            self.forget(&dropped);
        }
        match self.events.back_mut() {
            Some(Event::Missed { count }) => *count += 1,
            _ => self.events.push_back(Event::Missed { count: 1 }),
        }
    }

    /// Counts an event no more.
    fn forget(&mut self, event: &Event) {
        if !matches!(event, Event::Missed { .. }) {
            self.count -= 1;
            self.bytes -= event.text_len();
        }
    }
}

#[cfg(test)]
mod tests;
