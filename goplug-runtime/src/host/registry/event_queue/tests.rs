use std::sync::Arc;
use std::task::Wake;

use super::*;
use crate::host::registry::listeners::{Events, Listeners};

fn id(name: &str) -> PluginId {
    PluginId::new(name, "").unwrap()
}

fn stopped(name: &str) -> Event {
    Event::Stopped { plugin: id(name) }
}

fn missed(name: &str, count: u64) -> Event {
    Event::CallbacksMissed { plugin: id(name), count }
}

fn crashed(name: &str, bytes: usize) -> Event {
    Event::Crashed { plugin: id(name), status: String::new(), stderr: vec!["x".repeat(bytes)] }
}

fn listening(state: Vec<Event>) -> (Listeners, Events) {
    let mut listeners = Listeners::default();
    let events = listeners.add(state);
    (listeners, events)
}

#[tokio::test(flavor = "current_thread")]
async fn a_listener_gets_the_state_before_the_events() {
    let (mut listeners, mut events) = listening(vec![stopped("a")]);
    drop(listeners.send(&stopped("b")));
    drop(listeners);
    assert_eq!(events.next().await, Some(stopped("a")));
    assert_eq!(events.next().await, Some(stopped("b")));
    assert_eq!(events.next().await, None);
}

#[tokio::test(flavor = "current_thread")]
async fn a_slow_listener_gets_the_number_of_missed_events() {
    let (mut listeners, mut events) = listening(Vec::new());
    for _ in 0..limits::EVENT_BACKLOG + 5 {
        drop(listeners.send(&stopped("a")));
    }
    for _ in 0..limits::EVENT_BACKLOG {
        assert_eq!(events.next().await, Some(stopped("a")));
    }
    drop(listeners.send(&stopped("b")));
    assert_eq!(events.next().await, Some(Event::Missed { count: 5 }));
    assert_eq!(events.next().await, Some(stopped("b")));
}

#[tokio::test(flavor = "current_thread")]
async fn a_plugin_with_many_events_loses_its_own_and_no_other_ones() {
    let (mut listeners, mut events) = listening(Vec::new());
    for round in 0..2 * limits::EVENT_BACKLOG {
        drop(listeners.send(&stopped("loud")));
        if round.is_multiple_of(100) {
            drop(listeners.send(&crashed("quiet", 10)));
        }
    }
    drop(listeners);
    let (mut loud, mut quiet, mut lost) = (0, 0, 0);
    while let Some(event) = events.next().await {
        match event {
            Event::Missed { count } => lost += count,
            Event::Crashed { .. } => quiet += 1,
            _ => loud += 1,
        }
    }
    assert_eq!(quiet, (2 * limits::EVENT_BACKLOG).div_ceil(100));
    assert_eq!(loud + quiet, limits::EVENT_BACKLOG);
    assert_eq!(loud as u64 + lost, 2 * limits::EVENT_BACKLOG as u64);
}

#[tokio::test(flavor = "current_thread")]
async fn the_texts_of_events_are_bounded_by_the_same_rule() {
    let (mut listeners, mut events) = listening(Vec::new());
    let half = limits::EVENT_BACKLOG_BYTES / 2;
    for event in [crashed("quiet", 10), crashed("loud", half), crashed("loud", half)] {
        drop(listeners.send(&event));
    }
    // What is larger than the whole room waits alone.
    let (mut others, mut other_events) = listening(Vec::new());
    drop(others.send(&crashed("huge", 3 * half)));
    drop((listeners, others));
    assert_eq!(events.next().await, Some(crashed("quiet", 10)));
    assert_eq!(events.next().await, Some(crashed("loud", half)));
    assert_eq!(events.next().await, Some(Event::Missed { count: 1 }));
    assert_eq!(events.next().await, None);
    assert_eq!(other_events.next().await, Some(crashed("huge", 3 * half)));
}

#[tokio::test(flavor = "current_thread")]
async fn losses_of_one_plugin_that_nobody_has_read_are_one_event() {
    let (mut listeners, mut events) = listening(Vec::new());
    for event in [missed("a", 2), missed("b", 1), stopped("a"), missed("a", 3)] {
        drop(listeners.send(&event));
    }
    assert_eq!(events.next().await, Some(missed("a", 5)));
    drop(listeners.send(&missed("a", 1)));
    drop(listeners);
    for expected in [missed("b", 1), stopped("a"), missed("a", 1)] {
        assert_eq!(events.next().await, Some(expected));
    }
}

/// Sends an event when it is woken.
struct Sending(Mutex<Listeners>);

impl Wake for Sending {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().send(&stopped("b")));
    }
}

#[test]
fn a_listener_is_woken_without_the_lock() {
    let (listeners, events) = listening(Vec::new());
    let sending = Arc::new(Sending(Mutex::new(listeners)));
    let waker = Waker::from(Arc::clone(&sending));
    let mut events = std::pin::pin!(events);
    let next = |events: &mut std::pin::Pin<&mut Events>, waker: &Waker| {
        futures_core::Stream::poll_next(events.as_mut(), &mut Context::from_waker(waker))
    };
    assert!(next(&mut events, &waker).is_pending());
    let woken = sending.0.lock().unwrap().send(&stopped("a"));
    drop(woken);
    for name in ["a", "b"] {
        assert_eq!(next(&mut events, Waker::noop()), Poll::Ready(Some(stopped(name))));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn losses_of_one_instance_that_nobody_has_read_are_one_event() {
    let of = |instance, count| {
        let (plugin, event) = (id("a"), Box::new(missed("a", count)));
        Event::Instance { plugin, instance, event }
    };
    let (mut listeners, mut events) = listening(Vec::new());
    for event in [of(0, 2), of(1, 5), missed("a", 9), of(0, 3)] {
        drop(listeners.send(&event));
    }
    drop(listeners);
    for event in [of(0, 5), of(1, 5), missed("a", 9)] {
        assert_eq!(events.next().await, Some(event));
    }
    assert_eq!(events.next().await, None);
}
