//! The events that wait for one listener.
//!
//! They are bounded, and each plugin answers for its own: a plugin that causes more events than a
//! listener reads loses its own ones.

use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};
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
    /// The cost of all that wait, except [`Event::Missed`].
    cost: Cost,
    /// The cost of those of each plugin, and of those of none.
    by_plugin: BTreeMap<Option<PluginId>, Cost>,
    /// What all may cost.
    room: Cost,
    waker: Option<Waker>,
    is_closed: bool,
}

/// What events cost that wait.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    count: usize,
    /// The bytes of their texts.
    bytes: usize,
}

impl Cost {
    fn add(&mut self, event: &Event) {
        self.count += 1;
        self.bytes += event.text_len();
    }

    fn subtract(&mut self, event: &Event) {
        self.count -= 1;
        self.bytes -= event.text_len();
    }
}

impl EventQueue {
    /// A queue that begins with these events.
    pub(super) fn new(state: Vec<Event>) -> Self {
        let mut waiting = Waiting {
            events: VecDeque::new(),
            cost: Cost::default(),
            by_plugin: BTreeMap::new(),
            room: Cost::default(),
            waker: None,
            is_closed: false,
        };
        state.into_iter().for_each(|event| waiting.append(event));
        let Cost { count, bytes } = waiting.cost;
        waiting.room = Cost {
            count: limits::EVENT_BACKLOG + count,
            bytes: limits::EVENT_BACKLOG_BYTES + bytes,
        };
        Self(Mutex::new(waiting))
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
        // Copied without the lock, as the last one is dropped: it may be anybody's.
        let waker = cx.waker().clone();
        let mut waiting = self.lock();
        if let Some(event) = waiting.events.pop_front() {
            waiting.forget(&event);
            return Poll::Ready(Some(event));
        }
        if waiting.is_closed {
            return Poll::Ready(None);
        }
        let before = waiting.waker.replace(waker);
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
        self.append(event);
        while self.has_too_many() || (self.cost.bytes > self.room.bytes && self.cost.count > 1) {
            self.drop_one();
        }
    }

    fn append(&mut self, event: Event) {
        self.cost.add(&event);
        self.by_plugin.entry(event.plugin().cloned()).or_default().add(&event);
        self.events.push_back(event);
    }

    fn has_too_many(&self) -> bool {
        self.cost.count > self.room.count
    }

    /// Adds lost callbacks to those of the same plugin that wait.
    fn joins(&mut self, event: &Event) -> bool {
        let Some((whose, count)) = missed(event) else { return false };
        let mut events = self.events.iter_mut().rev();
        let waiting = events.find(|other| missed(other).is_some_and(|(of, _)| of == whose));
        waiting.map(|waiting| add_missed(waiting, count)).is_some()
    }

    /// Drops the last event of the plugin that has most of them, and counts it.
    fn drop_one(&mut self) {
        let by_count = self.has_too_many();
        let cost = |cost: &Cost| if by_count { cost.count } else { cost.bytes };
        let most = self.by_plugin.iter().max_by_key(|(_, it)| cost(it));
        let Some(most) = most.map(|(plugin, _)| plugin.as_ref()) else { return };
        let is_meant = |event: &Event| is_counted(event) && event.plugin() == most;
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
        if !is_counted(event) {
            return;
        }
        self.cost.subtract(event);
        if let Entry::Occupied(mut entry) = self.by_plugin.entry(event.plugin().cloned()) {
            entry.get_mut().subtract(event);
            if entry.get().count == 0 {
                entry.remove();
            }
        }
    }
}

fn is_counted(event: &Event) -> bool {
    !matches!(event, Event::Missed { .. })
}

/// How many callbacks are lost, and of what: a plugin, or one of its instances.
fn missed(event: &Event) -> Option<((&PluginId, Option<usize>), u64)> {
    match event {
        Event::CallbacksMissed { plugin, count } => Some(((plugin, None), *count)),
        Event::Instance { instance, event, .. } => {
            missed(event).map(|((plugin, _), count)| ((plugin, Some(*instance)), count))
        }
        _ => None,
    }
}

fn add_missed(event: &mut Event, more: u64) {
    match event {
        Event::CallbacksMissed { count, .. } => *count = count.saturating_add(more),
        Event::Instance { event, .. } => add_missed(event, more),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
