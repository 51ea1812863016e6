use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::Wake;
use std::thread;
use std::time::Duration;

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn part(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn items(reader: &mut InletReader) -> Vec<Result<Bytes, String>> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    while let Poll::Ready(Some(item)) = reader.poll_item(&mut cx) {
        items.push(item.map_err(|error| error.to_string()));
    }
    items
}

#[test]
fn one_part_waits_and_there_is_room_again_when_it_is_taken() {
    let (inlet, mut reader) = inlet(MediaType::Raw, 100);
    let (handler, connection) = (Arc::<Count>::default(), Arc::<Count>::default());
    let wakers = [&handler, &connection].map(|count| Waker::from(Arc::clone(count)));
    let [mut of_handler, mut of_connection] = wakers.each_ref().map(Context::from_waker);
    assert!(reader.poll_item(&mut of_handler).is_pending());
    assert!(inlet.poll_room(&mut of_connection).is_ready());
    inlet.push(part("abc"));
    assert_eq!(handler.0.load(Ordering::Relaxed), 1);
    assert!(inlet.poll_room(&mut of_connection).is_pending());
    let Poll::Ready(Some(Ok(item))) = reader.poll_item(&mut of_handler) else { panic!() };
    assert_eq!(item, "abc");
    assert_eq!(connection.0.load(Ordering::Relaxed), 1);
    assert!(inlet.poll_room(&mut of_connection).is_ready());
    drop(reader);
    assert!(inlet.poll_room(&mut of_connection).is_pending());
}

#[test]
fn within_one_task_nobody_is_woken() {
    let (inlet, mut reader) = inlet(MediaType::Raw, 100);
    inlet.follow_handler();
    let count = Arc::<Count>::default();
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    for other in [false, true] {
        assert!(reader.poll_item(&mut cx).is_pending());
        assert!(inlet.poll_room(&mut cx).is_ready());
        let pushing = if other { Waker::noop() } else { &waker };
        assert_eq!(inlet.push_within(part("abc"), pushing), !other);
        assert!(inlet.poll_room(&mut cx).is_pending());
        assert!(reader.poll_item(&mut cx).is_ready());
        assert_eq!(count.0.load(Ordering::Relaxed), usize::from(other));
    }
    inlet.push(part("abc"));
    assert!(inlet.poll_room(&mut cx).is_pending());
    let mut elsewhere = Context::from_waker(Waker::noop());
    assert!(reader.poll_item(&mut elsewhere).is_ready());
    assert_eq!(count.0.load(Ordering::Relaxed), 2);
}

#[test]
fn the_arguments_are_the_first_event_or_there_are_none() {
    for (text, expected) in [
        ("event: arguments\ndata: [1]\n\nevent: item\ndata: 2\n\n", "[1]"),
        ("event: item\ndata: 2\n\n", ""),
    ] {
        let (inlet, mut reader) = inlet(MediaType::Json, 100);
        assert_eq!(reader.arguments().unwrap(), None);
        inlet.push(part(text));
        assert_eq!(reader.arguments().unwrap().unwrap(), expected);
        inlet.push(part("event: end\ndata: null\n\nevent: item\ndata: 3\n\n"));
        assert_eq!(items(&mut reader), [Ok(part("2"))]);
    }
}

#[test]
fn a_stream_is_cut_off_unless_it_has_its_end() {
    for is_whole_body in [true, false] {
        let (inlet, mut reader) = inlet(MediaType::Json, 100);
        inlet.push(part("event: item\ndata: 2\n\nevent: end\n"));
        if is_whole_body {
            inlet.end(Ok(()));
        }
        drop(inlet);
        let items = items(&mut reader);
        assert_eq!(items[0], Ok(part("2")));
        assert!(items[1].as_ref().is_err_and(|text| text.contains("cut off")), "{items:?}");
        assert_eq!(items.len(), 2);
    }
}

#[test]
fn a_stream_ends_when_its_body_has_been_read() {
    let mut cx = Context::from_waker(Waker::noop());
    for end in [Ok(()), Err(IncomingError::cut_off("gone"))] {
        let (inlet, mut reader) = inlet(MediaType::Json, 100);
        inlet.push(part("event: end\ndata: null\n\n"));
        assert!(reader.poll_item(&mut cx).is_pending());
        inlet.push(part("event: item\ndata: 3\n\n"));
        assert!(reader.poll_item(&mut cx).is_pending());
        inlet.end(end);
        assert!(matches!(reader.poll_item(&mut cx), Poll::Ready(None)));
    }
}

#[test]
fn bytes_end_with_their_body_and_are_cut_off_without_its_end() {
    let (whole, mut reader) = inlet(MediaType::Raw, 100);
    whole.push(part("abc"));
    whole.end(Ok(()));
    assert_eq!(items(&mut reader), [Ok(part("abc"))]);
    let (cut, mut reader) = inlet(MediaType::Raw, 100);
    drop(cut);
    assert!(items(&mut reader)[0].is_err());
}

#[test]
fn an_item_has_a_limit_and_the_stream_has_none() {
    let (inlet, mut reader) = inlet(MediaType::Json, 20);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        inlet.push(part("event: item\ndata: \"0123456789\"\n\n"));
        assert!(matches!(reader.poll_item(&mut cx), Poll::Ready(Some(Ok(_)))));
    }
    inlet.push(part("event: item\ndata: \"0123456789012345678\"\n\n"));
    let items = items(&mut reader);
    assert!(items[0].as_ref().is_err_and(|text| text.contains("20 bytes")), "{items:?}");
}

/// Ends a stream when it is dropped, as the last waker of a task that nobody polls again may.
struct EndsStream(Arc<Inlet>);

impl Wake for EndsStream {
    fn wake(self: Arc<Self>) {}
}

impl Drop for EndsStream {
    fn drop(&mut self) {
        self.0.end(Ok(()));
    }
}

#[test]
fn a_waker_is_dropped_without_the_lock() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let (inlet, mut reader) = inlet(MediaType::Raw, 100);
        let inlet = Arc::new(inlet);
        inlet.push(part("abc"));
        let waker = Waker::from(Arc::new(EndsStream(Arc::clone(&inlet))));
        assert!(inlet.poll_room(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        assert!(inlet.poll_room(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(items(&mut reader), [Ok(part("abc"))]);
        let waker = Waker::from(Arc::new(EndsStream(Arc::clone(&inlet))));
        let mut reader = reader;
        let polled = reader.poll_item(&mut Context::from_waker(&waker));
        assert!(matches!(polled, Poll::Ready(None)));
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).unwrap();
}
