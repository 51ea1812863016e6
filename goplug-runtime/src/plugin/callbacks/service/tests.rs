use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::task::{Wake, Waker};
use std::thread;

use super::*;

/// Counts how often a task is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A hub, and a host with this token that provides the service of [`call`].
fn hub_with_host(token: &str) -> (Hub, u64) {
    let hub = Hub::new(Duration::MAX, limits::MAX_BODY);
    let serial = hub.lock().add(Origin::Token(token.into()), vec!["e".into()]).serial;
    (hub, serial)
}

const EVENT: ServiceCall<'static> = ServiceCall {
    service: "Store",
    method: "sell",
    timeout: None,
    chain: "",
    traceparent: None,
    accepts_parts: false,
    takes_stream: false,
    is_base64: false,
};

fn call() -> OutgoingCall<'static> {
    let deadline = Instant::now() + limits::CALL_TIMEOUT;
    OutgoingCall { entry: "e", event: EVENT, data: b"{}", deadline }
}

fn is_pending(call: &mut Pin<Box<impl Future>>, waker: &Waker) -> bool {
    call.as_mut().poll(&mut Context::from_waker(waker)).is_pending()
}

#[test]
fn a_reader_expects_a_reply_while_a_call_waits_and_is_woken_by_the_next_one() {
    let (hub, serial) = hub_with_host("t");
    let call = call();
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(Arc::clone(&wakes));
    let expects = |token| hub.poll_expects_reply(token, &Context::from_waker(&waker)).is_ready();
    assert!(!expects(Some("t")));

    let mut first = Box::pin(hub.call_service(serial, &call));
    let mut second = Box::pin(hub.call_service(serial, &call));
    assert!(is_pending(&mut first, Waker::noop()) && is_pending(&mut second, Waker::noop()));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    drop(first);
    assert!(expects(Some("t")));
    drop(second);
    assert!(!expects(Some("t")));

    // Nobody knows what such hosts send.
    assert!(expects(Some("another")) && expects(None));
}

#[test]
fn a_place_that_is_free_again_wakes_one_of_the_calls_that_wait() {
    const WAITING: usize = 1000;
    let (hub, serial) = hub_with_host("t");
    let call = call();
    let calls = (0..limits::SERVICE_CALLS + WAITING).map(|_| hub.call_service(serial, &call));
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let wakes = Arc::<Wakes>::default();
    let woken = || wakes.0.swap(0, Ordering::Relaxed);
    let waker = Waker::from(Arc::clone(&wakes));
    let (in_flight, waiting) = calls.split_at_mut(limits::SERVICE_CALLS);
    assert!(in_flight.iter_mut().all(|call| is_pending(call, Waker::noop())));
    assert!(waiting.iter_mut().all(|call| is_pending(call, &waker)));
    assert_eq!(woken(), 0);

    for _ in 0..5 {
        drop(calls.remove(0));
        assert_eq!(woken(), 1);
        // The call that waits for the longest time has the place.
        assert!(is_pending(&mut calls[limits::SERVICE_CALLS - 1], Waker::noop()));
        assert_eq!(hub.lock().list[0].pending_replies.len(), limits::SERVICE_CALLS);
    }

    // A call that is given up while it waits leaves its turn to the next.
    drop(calls.remove(0));
    drop(calls.remove(limits::SERVICE_CALLS - 1));
    assert_eq!(woken(), 2);
    assert!(is_pending(&mut calls[limits::SERVICE_CALLS - 1], Waker::noop()));
    assert_eq!(hub.lock().list[0].pending_replies.len(), limits::SERVICE_CALLS);

    hub.close();
    assert_eq!(woken(), calls.len() - limits::SERVICE_CALLS);
}

/// Drops a call when it is woken, as the waker of a task does whose executor has gone.
#[derive(Default)]
struct DropsCall(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

impl Wake for DropsCall {
    fn wake(self: Arc<Self>) {
        let call = self.0.lock().unwrap().take();
        drop(call);
    }
}

fn calling(hub: &Arc<Hub>, serial: u64) -> Arc<DropsCall> {
    let hub = Arc::clone(hub);
    let call = async move {
        let deadline = Instant::now() + limits::CALL_TIMEOUT;
        let call = OutgoingCall { entry: "e", event: EVENT, data: b"{}", deadline };
        drop(hub.call_service(serial, &call).await);
    };
    let mut call: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(call);
    let task = Arc::<DropsCall>::default();
    let waker = Waker::from(Arc::clone(&task));
    assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    *task.0.lock().unwrap() = Some(call);
    task
}

/// Every end of calls that wait wakes them without the lock.
#[test]
fn a_call_that_is_woken_may_be_dropped_at_once() {
    let ends: [fn(&Arc<Hub>); 4] = [
        |hub| hub.close(),
        |hub| drop(hub.open_stream(Some("t"), Vec::new(), None)),
        |hub| {
            let host = &mut hub.lock().list[0];
            host.disconnect();
        },
        |hub| drop(hub.open_stream(Some("t"), vec!["other".into()], None)),
    ];
    for (at, end) in ends.into_iter().enumerate() {
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            let hub = Arc::new(Hub::new(Duration::ZERO, limits::MAX_BODY));
            let serial = hub.lock().add(Origin::Token("t".into()), vec!["e".into()]).serial;
            let calls: Vec<_> =
                (0..limits::SERVICE_CALLS + 2).map(|_| calling(&hub, serial)).collect();
            end(&hub);
            drop(hub.lock());
            let left = calls.iter().filter(|call| call.0.lock().unwrap().is_some()).count();
            assert_eq!(left, 0);
            done.send(()).unwrap();
        });
        is_done.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("end {at}"));
    }
}
